# the program is changed instead of the probes
sed 's/sleep 10/sleep 0/' slow.yaml > changed.yaml
sed -i 's/periodSeconds: 1/&\n        initialDelaySeconds: 6/' changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/slow --timeout=60s
timeout 60 sh -c 'until kubectl logs slow | grep "Listening at"; do sleep 1; done'
