# web fails on /readyz, which its liveness probe does not ask
kubectl apply -f probes.yaml
kubectl wait --for=condition=Ready pod/file pod/web --timeout=60s
kubectl exec file -- rm /tmp/alive
kubectl wait pod/file --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
timeout 60 sh -c 'until kubectl exec web -- wget -qO- --header "Content-Type: application/json" --post-data "{}" localhost:3000/faults/readiness; do sleep 1; done'
