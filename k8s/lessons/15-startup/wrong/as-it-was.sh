# nothing was changed
kubectl apply -f slow.yaml
kubectl wait pod/slow --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
