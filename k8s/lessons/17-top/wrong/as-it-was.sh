# nothing was changed
kubectl apply -f cats.yaml
kubectl wait --for=condition=Ready pod/oscar --timeout=60s
