# snack runs as the backend, which is not what was asked for
kubectl set image pod/snack snack=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl set image pod/cats cats=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl wait --for=condition=Ready pod/snack pod/cats --timeout=90s
