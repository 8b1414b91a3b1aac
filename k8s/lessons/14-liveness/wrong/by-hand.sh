# there is no probe; the container was ended by hand
kubectl run file --image=busybox -- sh -c 'trap exit TERM; touch /tmp/alive; sleep 3600 & wait'
kubectl wait --for=condition=Ready pod/file --timeout=60s
kubectl exec file -- kill 1 || true # it may end together with the container
kubectl wait pod/file --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
