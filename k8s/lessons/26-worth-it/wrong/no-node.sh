# the node was never away
kubectl wait --for=condition=Ready pod/alone --timeout=60s
kubectl delete pod alone
kubectl delete pod $(kubectl get pods -l app=many -o jsonpath='{.items[0].metadata.name}')
kubectl rollout status deployment/many --timeout=90s
