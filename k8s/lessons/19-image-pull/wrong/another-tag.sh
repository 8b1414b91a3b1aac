# the tag is guessed, and there is none of that name either
kubectl set image pod/snack snack=busybox:stable-latest
kubectl wait pod/snack --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff --timeout=60s
