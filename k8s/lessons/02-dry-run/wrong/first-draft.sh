# applied as kubectl drafted it: white, and version 1
kubectl run mypod --image=busybox --labels=coat=white --dry-run=client -o yaml --command -- sh -c 'echo version 1; exec sleep 3600' > pod.yaml
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/mypod --timeout=60s
