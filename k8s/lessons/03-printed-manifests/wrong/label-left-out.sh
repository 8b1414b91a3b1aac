# the lines of the label are gone instead of in their place
kubectl apply -f "$LESSON/solution/mypod.yaml" -f database.yaml
sed '/labels:/d; /app: goproxy/d' "$LESSON/solution/goproxy.yaml" > mended.yaml
kubectl apply -f mended.yaml
kubectl wait --for=condition=Ready pod/goproxy --timeout=60s
