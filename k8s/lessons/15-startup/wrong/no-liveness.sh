# nobody asks any more whether it is well
sed '/livenessProbe/,/failureThreshold/d' slow.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/slow --timeout=60s
timeout 60 sh -c 'until kubectl logs slow | grep "Listening at"; do sleep 1; done'
