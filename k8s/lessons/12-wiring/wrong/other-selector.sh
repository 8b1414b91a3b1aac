# the Service's selector fits no Pod
timeout 80 sh -c 'until kubectl exec front -- wget -qO- localhost:8080/version; do sleep 1; done'
kubectl create service clusterip k8-chatroulette-back --tcp=3000:3000
