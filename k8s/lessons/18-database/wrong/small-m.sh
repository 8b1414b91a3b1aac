# 128m of memory is an eighth of one byte
sed '/limits:/,$ s/64Mi/128m/; s/memory: 64Mi/memory: 128m/' database.yaml > changed.yaml
kubectl apply -f changed.yaml
