# the answer has another name
kubectl wait --for=condition=Ready pod/cat --timeout=60s
kubectl create configmap word --from-literal=word="$(kubectl logs cat)"
