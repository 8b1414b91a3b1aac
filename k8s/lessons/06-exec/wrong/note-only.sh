# goproxy was not asked
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl exec mypod -- cp /box/word /tmp/note
