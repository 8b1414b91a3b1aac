# one's own shell reads the arrow: the note lies on one's own computer
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- cat /box/word > note
kubectl create configmap answer --from-literal=address=:8080
