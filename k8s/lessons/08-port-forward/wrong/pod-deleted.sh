# nobody is left to ask
kubectl delete pod cats --wait --timeout=60s
