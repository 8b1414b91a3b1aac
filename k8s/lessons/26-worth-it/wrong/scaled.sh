# Pods come and go by order of the Deployment
kubectl rollout status deployment/many --timeout=90s
kubectl delete pod alone
kubectl scale deployment/many --replicas=3
kubectl rollout status deployment/many --timeout=90s
kubectl scale deployment/many --replicas=2
