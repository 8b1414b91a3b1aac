# without a limit it may take the whole node
sed '/limits:/,$ d' database.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/database --timeout=60s
