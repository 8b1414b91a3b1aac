"""Put the services on the cluster, prove that they answer, and say why where they do not."""
