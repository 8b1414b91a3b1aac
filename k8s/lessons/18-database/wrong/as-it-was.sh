# the Pod was made anew, with the same limit
kubectl apply -f database.yaml
kubectl wait --for=condition=Ready pod/database pod/report --timeout=60s
timeout 60 sh -c 'until kubectl exec report -- mysql -h database -u root -e "SELECT 1" 2>/dev/null; do sleep 2; done'
kubectl exec report -- sh /report.sh || true
kubectl wait pod/database --for=jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'=OOMKilled --timeout=30s
