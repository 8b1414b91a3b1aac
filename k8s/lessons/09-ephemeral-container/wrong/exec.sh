# the backend asks itself; no guest is there
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl exec cats -- python3 -c 'import urllib.request; urllib.request.urlopen("http://localhost:3000/version")'
