kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl debug cats --image=busybox --target=back -c guest -- sh -c 'ps; wget -qO- http://localhost:3000/version'
kubectl wait pod/cats --for=jsonpath='{.status.ephemeralContainerStatuses[?(@.name=="guest")].state.terminated.exitCode}'=0 --timeout=60s
