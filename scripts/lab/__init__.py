"""The lab: images, a kind cluster, a deployment, and the proof that it works. ``lab --help`` lists what it does."""
