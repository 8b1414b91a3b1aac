cp "$LESSON/solution/house.yaml" .
kubectl replace --force -f house.yaml
kubectl wait --for=condition=Ready pod/house --timeout=60s
