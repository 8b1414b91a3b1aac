# the Service is called as the Pod, and the frontend looks for another name
timeout 80 sh -c 'until kubectl exec front -- wget -qO- localhost:8080/version; do sleep 1; done'
kubectl expose pod back --port=3000
