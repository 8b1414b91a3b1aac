# the second apply was refused, and the old command runs on
kubectl run mypod --image=busybox --labels=coat=black --dry-run=client -o yaml --command -- sh -c 'echo version 1; exec sleep 3600' > pod.yaml
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/mypod --timeout=60s
sed 's/version 1/version 2/' pod.yaml > changed.yaml
kubectl apply -f changed.yaml || true
