# felix says that it is not ready, and no probe asks it
kubectl wait --for=condition=Ready pod/felix --timeout=60s
timeout 60 sh -c 'until kubectl exec felix -- wget -qO- --header "Content-Type: application/json" --post-data "{}" localhost:3000/faults/readiness; do sleep 1; done'
