sed -i 's/value: "0"/value: "5"/; s/^        resources:/        readinessProbe:\n          httpGet: {path: \/readyz, port: 3000}\n          periodSeconds: 1\n        resources:/' cats.yaml
kubectl apply -f cats.yaml
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor --tail=1 | grep "settled yes"; do sleep 1; done'
# these Pods drain when they leave; those of before did not
kubectl rollout restart deployment/cats
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor --tail=1 | grep "settled yes"; do sleep 1; done'
