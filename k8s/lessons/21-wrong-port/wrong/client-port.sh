# the clients' port is changed, and port 80 is gone
kubectl wait --for=condition=Ready pod/cats --timeout=60s
sed 's/port: 80$/port: 3000/; s/targetPort: 8080/targetPort: 3000/' service.yaml | kubectl replace -f -
