# a guest who neither looks nor asks
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl debug cats --image=busybox --target=back -c guest -- sleep 600
kubectl wait pod/cats --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.running}' --timeout=60s
