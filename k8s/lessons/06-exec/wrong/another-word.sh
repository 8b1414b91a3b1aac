# a note, but not the word of the box
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- sh -c 'hostname > /tmp/note'
kubectl create configmap answer --from-literal=address=:8080
