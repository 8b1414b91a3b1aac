"""A kind cluster on this machine: what the machine needs, Docker, the node image, and the cluster itself."""
