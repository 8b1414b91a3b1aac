# 64m of memory is less than a byte: the container cannot start
kubectl run nothing --image=busybox -- sleep 86400
sed 's/CLASS/some/; s/RESOURCES/requests: {cpu: 10m}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
sed 's/CLASS/all/; s/RESOURCES/limits: {cpu: 100m, memory: 64m}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
kubectl wait --for=condition=Ready pod/nothing pod/some --timeout=60s
