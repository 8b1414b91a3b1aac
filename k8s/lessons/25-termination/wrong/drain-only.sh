# the old ones drain, but the new ones are asked before they listen
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor | grep "rollout 0.*settled yes"; do sleep 1; done'
sed -i 's/value: "0"/value: "5"/' cats.yaml
kubectl apply -f cats.yaml
kubectl rollout restart deployment/cats
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor | grep "settled yes" | grep -v "rollout 0"; do sleep 1; done'
