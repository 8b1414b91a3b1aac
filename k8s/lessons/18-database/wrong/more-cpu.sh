# the CPU limit is raised, and memory is what ends
sed '/limits:/,$ s/250m/500m/' database.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/database --timeout=60s
kubectl wait pod/database --for=jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'=OOMKilled --timeout=20s || true
