# there is no image of this tag
kubectl run front --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-front:newest
kubectl wait pod/front --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff --timeout=60s
