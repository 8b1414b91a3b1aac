# the registry's name is misspelt
kubectl run back --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-backend:latest
kubectl wait pod/back --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff --timeout=60s
