# only the bare Pod was deleted: nobody had to bring anything back
kubectl wait --for=condition=Ready pod/alone --timeout=60s
kubectl delete pod alone
kubectl rollout status deployment/many --timeout=90s
