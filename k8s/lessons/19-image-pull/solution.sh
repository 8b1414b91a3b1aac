kubectl set image pod/snack snack=busybox
kubectl set image pod/cats cats=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl wait --for=condition=Ready pod/snack pod/cats --timeout=90s
