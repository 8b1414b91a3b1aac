# the port was never wrong
sed 's/name: BIND, value: 127.0.0.1/name: PORT, value: "8080"/' cats.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/cats --timeout=60s
