# somebody typed alone again: that is no self-healing
kubectl wait --for=condition=Ready pod/alone --timeout=60s
kubectl delete pod alone
kubectl run alone --image=busybox -- sleep 3600
kubectl delete pod $(kubectl get pods -l app=many -o jsonpath='{.items[0].metadata.name}')
kubectl rollout status deployment/many --timeout=90s
