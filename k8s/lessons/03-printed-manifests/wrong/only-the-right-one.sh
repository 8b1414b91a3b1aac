# the one file that needs no mending is not enough
kubectl apply -f database.yaml
