word=$(kubectl logs cat | sed 's/I say //')
kubectl create configmap answer --from-literal=word="$word"
