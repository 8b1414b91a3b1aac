"""Views of what happened and what was found: terminal and JSON. Nothing here talks to Docker or Kubernetes."""
