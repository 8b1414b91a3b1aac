kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl port-forward pod/cats 8888:3000 &
trap 'kill $!' EXIT
curl -s --retry 10 --retry-connrefused http://localhost:8888/version
