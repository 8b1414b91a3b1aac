# the page of one moment, copied by hand, does not grow
kubectl apply -f house.yaml
kubectl wait --for=condition=Ready pod/house --timeout=60s
kubectl exec house -c writer -- cat /page/index.html > page
kubectl exec -i house -c web -- sh -c 'cat > /www/index.html' < page
