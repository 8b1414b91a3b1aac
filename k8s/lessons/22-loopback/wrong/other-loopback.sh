# another loopback address is loopback still
sed 's/127.0.0.1/127.0.0.2/' cats.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/cats --timeout=60s
