# the limit is raised: it takes that as well, and has still reserved next to nothing
sed '/name: oscar/,/limits/ s/cpu: 200m/cpu: 300m/; s/cpu: 150m/cpu: 10m/' cats.yaml > changed.yaml
kubectl apply -f changed.yaml
kubectl wait --for=condition=Ready pod/oscar --timeout=60s
