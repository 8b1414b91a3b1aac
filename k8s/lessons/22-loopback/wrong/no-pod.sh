# without the Pod nobody answers at all
kubectl delete pod cats
