"""Faults that can be switched on, to see what Kubernetes does about them; only with FAULTS=on."""
