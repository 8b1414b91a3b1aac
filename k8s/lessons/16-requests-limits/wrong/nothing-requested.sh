# three Pods, all of the class BestEffort
for name in one two three; do kubectl run $name --image=busybox -- sleep 86400; done
kubectl wait --for=condition=Ready pod/one pod/two pod/three --timeout=60s
