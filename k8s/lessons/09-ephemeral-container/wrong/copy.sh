# a container in a copy of the Pod is not in the Pod
kubectl wait --for=condition=Ready pod/cats --timeout=60s
kubectl debug cats --image=busybox --copy-to=kittens --share-processes -c guest -- sh -c 'ps; until wget -qO- http://localhost:3000/version; do sleep 1; done; exec sleep 600'
kubectl wait --for=condition=Ready pod/kittens --timeout=60s
