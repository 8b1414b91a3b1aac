# the API server asks for you, from its own address
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl get --raw "/api/v1/namespaces/$NAMESPACE/pods/cats:3000/proxy/version"
