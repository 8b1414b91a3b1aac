# a process that stays is not yet a backend
sed -e s/verbose/debug/ -e 's/^    env:/    command: ["sleep", "3600"]\n    env:/' cats.yaml | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/cats --timeout=60s
