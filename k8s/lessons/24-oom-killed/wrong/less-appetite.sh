# the program was changed instead of its memory
sed 's/range(6)/range(1)/' hungry.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/hungry --timeout=60s
