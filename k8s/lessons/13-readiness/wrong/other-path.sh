# the readiness probe asks whether felix lives, and it does
sed 's/env: .*/&\n      readinessProbe: {httpGet: {path: \/livez, port: 3000}, periodSeconds: 1}/' "$LESSON/start/cats.yaml" > cats.yaml
kubectl replace --force --grace-period=0 -f cats.yaml
kubectl wait --for=condition=Ready pod/felix --timeout=60s
kubectl exec felix -- wget -qO- --header 'Content-Type: application/json' --post-data '{}' localhost:3000/faults/readiness
