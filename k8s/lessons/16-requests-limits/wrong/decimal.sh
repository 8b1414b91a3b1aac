# 64M is 64000000 bytes
kubectl run nothing --image=busybox -- sleep 86400
sed 's/CLASS/some/; s/RESOURCES/requests: {cpu: 10m}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
sed 's/CLASS/all/; s/RESOURCES/limits: {cpu: 100m, memory: 64M}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
sed 's/CLASS/huge/; s/RESOURCES/requests: {cpu: 64}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
kubectl wait --for=condition=Ready pod/nothing pod/some pod/all --timeout=60s
