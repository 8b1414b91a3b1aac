# requests and limits are the same for memory, and CPU has none: Burstable
kubectl run nothing --image=busybox -- sleep 86400
sed 's/CLASS/memory/; s/RESOURCES/limits: {memory: 64Mi}/' "$LESSON/wrong/pod.yaml" | kubectl apply -f -
kubectl wait --for=condition=Ready pod/nothing pod/memory --timeout=60s
