# the Service is asked on port 80, and the frontend asks on 3000
timeout 80 sh -c 'until kubectl exec front -- wget -qO- localhost:8080/version; do sleep 1; done'
kubectl expose pod back --name=k8-chatroulette-back --port=80 --target-port=3000
