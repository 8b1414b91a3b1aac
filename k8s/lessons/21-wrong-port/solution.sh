sed -i 's/targetPort: 8080/targetPort: 3000/' service.yaml
kubectl apply -f service.yaml
