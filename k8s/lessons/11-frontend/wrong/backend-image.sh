# the backend's image has no page
kubectl run front --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl wait --for=condition=Ready pod/front --timeout=60s
