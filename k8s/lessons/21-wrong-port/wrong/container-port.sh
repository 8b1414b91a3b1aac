# containerPort opens nothing: the Service still leads to where nobody listens
kubectl get pod cats -o json | sed 's/"containerPort": 8080/"containerPort": 80/' | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/cats --timeout=60s
