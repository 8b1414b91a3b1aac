# every Pod finds its place, none asks for too much
kubectl run nothing --image=busybox -- sleep 86400
sed 's/CLASS/some/; s/RESOURCES/requests: {cpu: 10m}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
sed 's/CLASS/all/; s/RESOURCES/limits: {cpu: 100m, memory: 64Mi}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
kubectl wait --for=condition=Ready pod/nothing pod/some pod/all --timeout=60s
