# one file mended of two
kubectl apply -f "$LESSON/solution/mypod.yaml" -f database.yaml
