"""What the course types and says, put to the cluster."""
