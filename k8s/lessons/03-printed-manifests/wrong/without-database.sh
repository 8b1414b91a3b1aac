# two files of three
kubectl apply -f "$LESSON/solution/mypod.yaml" -f "$LESSON/solution/goproxy.yaml"
kubectl wait --for=condition=Ready pod/goproxy --timeout=60s
