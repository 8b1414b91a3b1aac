"""Why a Pod is not Ready, by topic: each rule looks at one Pod, or one of its containers, and names a cause or none."""
