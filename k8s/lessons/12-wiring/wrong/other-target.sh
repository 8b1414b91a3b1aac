# the Service passes on to a port on which nobody listens
timeout 80 sh -c 'until kubectl exec front -- wget -qO- localhost:8080/version; do sleep 1; done'
kubectl expose pod back --name=k8-chatroulette-back --port=3000 --target-port=8080
