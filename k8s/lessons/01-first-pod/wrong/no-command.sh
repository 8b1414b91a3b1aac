# busybox's shell has nobody to talk with, and ends at once
kubectl run mypod --image=busybox
kubectl wait pod/mypod --for=jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'=Completed --timeout=60s
