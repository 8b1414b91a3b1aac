sed -i s/verbose/debug/ cats.yaml
kubectl replace --force -f cats.yaml
kubectl wait --for=condition=Ready pod/cats --timeout=60s
