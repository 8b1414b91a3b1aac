# the second number is the Pod's, and nothing listens there on 8888
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl port-forward pod/cats 8888:8888 &
trap 'kill $! || true' EXIT
curl -s --retry 10 --retry-connrefused http://localhost:8888/version || true
