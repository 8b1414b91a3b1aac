# it runs, but was made by arguments alone: nobody can make it again
kubectl run mypod --image=busybox -- sleep 3600
kubectl wait --for=condition=Ready pod/mypod --timeout=60s
