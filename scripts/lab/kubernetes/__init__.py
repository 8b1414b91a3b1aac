"""The one way to the cluster: access, exec, ephemeral containers, port-forward, namespaces, quantities."""
