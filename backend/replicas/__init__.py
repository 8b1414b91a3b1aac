"""What replicas share besides the roulette: the registry of Pods, commands to Pods, the connection to Redis."""
