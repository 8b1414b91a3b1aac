# the probes are there, and all of them pass
kubectl apply -f probes.yaml
kubectl wait --for=condition=Ready pod/file pod/web pod/port --timeout=60s
