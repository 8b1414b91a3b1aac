"""Who reaches the app from where, by which address: predicted by the model, measured on the cluster."""
