# The course's own figures: the same requests, limits of 128Mi and 500m.
sed -i '/limits:/,$ { s/64Mi/128Mi/; s/250m/500m/ }' database.yaml
kubectl replace --force -f database.yaml
kubectl wait --for=condition=Ready pod/database --timeout=60s
