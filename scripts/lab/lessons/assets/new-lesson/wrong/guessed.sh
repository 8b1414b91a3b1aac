# a word that nobody said
kubectl create configmap answer --from-literal=word=miaou
