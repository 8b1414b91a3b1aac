sed -i 's/127.0.0.1/0.0.0.0/' cats.yaml
kubectl replace --force -f cats.yaml
kubectl wait --for=condition=Ready pod/cats --timeout=60s
