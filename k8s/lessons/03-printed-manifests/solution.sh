cp "$LESSON"/solution/*.yaml .
kubectl apply -f mypod.yaml -f goproxy.yaml -f database.yaml
kubectl wait --for=condition=Ready pod/goproxy --timeout=60s
