# a second Pod has an address and a loopback of its own: it is no ephemeral container
kubectl run back --image=810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest
kubectl run other --image=busybox -- sleep 3600
kubectl wait --for=condition=Ready pod/back pod/other --timeout=60s
timeout 30 sh -c 'until kubectl logs back | grep "Listening at"; do sleep 1; done'
kubectl exec back -- python3 -c "import urllib.request; urllib.request.urlopen('http://localhost:3000/version')"
