# the app is moved to the wrong port instead of mending the Service
kubectl delete pod cats
kubectl run cats --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest --labels=app=cats --env=PORT=8080
kubectl wait --for=condition=Ready pod/cats --timeout=60s
