# the request still says that it needs next to nothing
sed 's/memory: 32Mi/memory: 96Mi/' hungry.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/hungry --timeout=60s
