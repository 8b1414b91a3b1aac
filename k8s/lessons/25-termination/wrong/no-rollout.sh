# nothing was replaced, so nothing was lost, and nothing was shown
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor | grep "rollout 0.*settled yes"; do sleep 1; done'
