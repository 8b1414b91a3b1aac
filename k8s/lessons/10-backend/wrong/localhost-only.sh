# an ephemeral container that asks by localhost alone
kubectl run back --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl wait --for=condition=Ready pod/back --timeout=60s
timeout 30 sh -c 'until kubectl logs back | grep "Listening at"; do sleep 1; done'
kubectl debug back --image=busybox --container=asks -- wget -qO- localhost:3000/version
kubectl wait pod/back --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.terminated.reason}'=Completed --timeout=60s
