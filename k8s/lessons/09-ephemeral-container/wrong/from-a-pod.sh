# another Pod has another localhost, and asks by the address
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl run visitor --image=busybox --restart=Never -- wget -qO- "http://$(kubectl get pod cats -o jsonpath='{.status.podIP}'):3000/version"
kubectl wait pod/visitor --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s
