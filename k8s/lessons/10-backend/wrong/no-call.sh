# the Pod is there, and nobody has called it
kubectl run back --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl wait --for=condition=Ready pod/back --timeout=60s
