# bella uses most memory, not most CPU
sed '/name: bella/,/limits/ s/cpu: 10m/cpu: 200m/; s/cpu: 150m/cpu: 10m/' cats.yaml > changed.yaml
kubectl apply -f changed.yaml
timeout 110 sh -c 'until test "$(kubectl top pods --no-headers 2>/dev/null | wc -l)" -eq 3; do sleep 3; done'
