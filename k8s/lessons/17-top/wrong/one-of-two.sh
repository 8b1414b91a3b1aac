# the busiest is right, and the sleeper still keeps what it does not use
sed '/name: oscar/,/limits/ s/cpu: 10m/cpu: 200m/' cats.yaml > changed.yaml
kubectl apply -f changed.yaml
timeout 110 sh -c 'until test "$(kubectl top pods --no-headers 2>/dev/null | wc -l)" -eq 3; do sleep 3; done'
