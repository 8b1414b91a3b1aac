# snack is mended, cats is not
kubectl set image pod/snack snack=busybox
kubectl wait --for=condition=Ready pod/snack --timeout=90s
