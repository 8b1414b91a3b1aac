# without the Pod there is no crash, and no backend
kubectl delete pod cats
