# without a shell inside, an arrow is one more file for cat
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- cat /box/word '>' /tmp/note || true
kubectl create configmap answer --from-literal=address=:8080
