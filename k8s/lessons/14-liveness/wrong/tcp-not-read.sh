# port answers 503, which its TCP probe does not read
kubectl apply -f probes.yaml
kubectl wait --for=condition=Ready pod/file pod/web pod/port --timeout=60s
kubectl exec file -- rm /tmp/alive
for pod in web port; do
  timeout 60 sh -c "until kubectl exec $pod -- wget -qO- --header 'Content-Type: application/json' --post-data '{}' localhost:3000/faults/liveness; do sleep 1; done"
done
for pod in file web; do
  kubectl wait pod/$pod --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
done
