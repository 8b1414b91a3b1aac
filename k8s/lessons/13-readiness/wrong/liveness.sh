# a liveness probe asks: the container is restarted, and the Service never leaves it out
sed 's/env: .*/&\n      livenessProbe: {httpGet: {path: \/readyz, port: 3000}, periodSeconds: 1, initialDelaySeconds: 10}/' "$LESSON/start/cats.yaml" > cats.yaml
kubectl replace --force --grace-period=0 -f cats.yaml
kubectl wait --for=condition=Ready pod/felix --timeout=60s
timeout 60 sh -c 'until kubectl exec felix -- wget -qO- --header "Content-Type: application/json" --post-data "{}" localhost:3000/faults/readiness; do sleep 1; done'
kubectl wait pod/felix --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
