# felix is taken away from the Service by its label: it is gone for ever, and not because it said so
kubectl label pod felix app-
