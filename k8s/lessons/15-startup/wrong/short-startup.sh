# the startup probe gives up before the start is over
sed 's/      livenessProbe:/      startupProbe:\n        httpGet: {path: \/livez, port: 3000}\n        periodSeconds: 1\n        failureThreshold: 5\n&/' slow.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait pod/slow --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
