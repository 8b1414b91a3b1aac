sed -i 's/memory: 16Mi/memory: 80Mi/; s/memory: 32Mi/memory: 96Mi/' hungry.yaml
kubectl replace --force -f hungry.yaml
kubectl wait --for=condition=Ready pod/hungry --timeout=60s
