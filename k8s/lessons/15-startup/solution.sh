# A startup probe beside the liveness probe: up to 60 tries, one a second.
sed -i 's/      livenessProbe:/      startupProbe:\n        httpGet: {path: \/livez, port: 3000}\n        periodSeconds: 1\n        failureThreshold: 60\n&/' slow.yaml
kubectl replace --force -f slow.yaml
kubectl wait --for=condition=Ready pod/slow --timeout=90s
