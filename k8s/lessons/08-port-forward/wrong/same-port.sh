# the line is good, but begins at port 3000
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl port-forward pod/cats 3000:3000 &
trap 'kill $!' EXIT
curl -s --retry 10 --retry-connrefused http://localhost:3000/version
