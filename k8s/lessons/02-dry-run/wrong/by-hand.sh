# it runs as it should, and no file has been applied
kubectl run mypod --image=busybox --labels=coat=black --command -- sh -c 'echo version 2; exec sleep 3600'
kubectl wait --for=condition=Ready pod/mypod --timeout=60s
