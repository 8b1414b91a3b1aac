word() { grep -o ' is [0-9a-f]*$' | cut -d' ' -f3; }
kubectl wait pod/phoenix --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl logs -f clock | grep -m1 ' is ' > clock.txt || true # grep leaves first, and kubectl notices
kubectl create configmap answer \
  --from-literal=waiter="$(kubectl logs kitchen -c waiter | word)" \
  --from-literal=former="$(kubectl logs phoenix --previous | word)" \
  --from-literal=clock="$(word < clock.txt)"
