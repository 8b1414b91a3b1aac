# without the Service there is no name
kubectl delete service cats
