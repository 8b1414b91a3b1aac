# there is no image of this name
kubectl run mypod --image=busybocks -- sleep 3600
kubectl wait pod/mypod --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff --timeout=60s
