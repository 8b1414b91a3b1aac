# the port alone is not the address
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- cp /box/word /tmp/note
kubectl create configmap answer --from-literal=address=8080
