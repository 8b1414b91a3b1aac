# the draft has no command, so busybox ends at once
kubectl run mypod --image=busybox --labels=coat=black --dry-run=client -o yaml > pod.yaml
kubectl apply -f pod.yaml
kubectl wait pod/mypod --for=jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'=Completed --timeout=60s
