"""The model: pure functions from a description of what is on the cluster to what happens there. No table of results."""
