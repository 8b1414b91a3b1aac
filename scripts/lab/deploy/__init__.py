"""Put the services on the cluster, and diagnose why where they do not come up."""
