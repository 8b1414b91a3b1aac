# it lives, and nothing bounds it any more
sed '/limits/d; s/memory: 16Mi/memory: 80Mi/' hungry.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/hungry --timeout=60s
