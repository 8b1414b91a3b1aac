# only web mounts the volume
kubectl apply -f house.yaml
kubectl wait --for=condition=Ready pod/house --timeout=60s
