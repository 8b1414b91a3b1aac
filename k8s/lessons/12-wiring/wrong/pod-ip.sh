# the frontend is given the address of one Pod, which goes away with that Pod
kubectl wait --for=condition=Ready pod/back --timeout=60s
ip=$(kubectl get pod back -o jsonpath='{.status.podIP}')
kubectl delete pod front --timeout=60s
kubectl run front --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-front:latest --env=BACKEND_URL=http://$ip:3000
kubectl wait --for=condition=Ready pod/front --timeout=60s
timeout 80 sh -c 'until kubectl exec front -- wget -qO- localhost:8080/version; do sleep 1; done'
