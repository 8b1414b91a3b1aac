# the probes are readiness probes, and restart nothing
sed 's/livenessProbe/readinessProbe/' probes.yaml > readiness.yaml
kubectl apply -f readiness.yaml
kubectl wait --for=condition=Ready pod/file --timeout=60s
kubectl exec file -- rm /tmp/alive
kubectl wait --for=condition=Ready=false pod/file --timeout=60s
