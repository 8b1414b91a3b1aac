# two Pods, each with its own volume and its own address
awk '/name: writer/ { exit } { print }' house.yaml > web.yaml
kubectl apply -f web.yaml
kubectl run writer --image=busybox -- sh -c 'while true; do echo wrote abcdef; sleep 1; done'
kubectl wait --for=condition=Ready pod/house pod/writer --timeout=60s
