kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- sh -c 'cat /box/word > /tmp/note'
kubectl exec goproxy -- /goproxy --help || true
kubectl create configmap answer --from-literal=address=:8080
