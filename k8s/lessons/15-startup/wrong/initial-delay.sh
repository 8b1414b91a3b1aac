# for half a minute nobody asks, also on a day on which it starts at once
sed 's/        periodSeconds: 1/&\n        initialDelaySeconds: 30/' slow.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/slow --timeout=60s
timeout 60 sh -c 'until kubectl logs slow | grep "Listening at"; do sleep 1; done'
