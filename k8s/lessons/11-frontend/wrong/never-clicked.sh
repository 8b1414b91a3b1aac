# the page is up, and nobody has clicked
kubectl run front --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-front:latest
kubectl wait --for=condition=Ready pod/front --timeout=60s
