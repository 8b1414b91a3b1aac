# it runs, but the detail that was wanted is gone
sed -i '/env:/,/verbose/d' cats.yaml
kubectl replace --force -f cats.yaml
kubectl wait --for=condition=Ready pod/cats --timeout=60s
