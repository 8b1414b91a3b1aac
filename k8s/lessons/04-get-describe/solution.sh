for app in sneezer dreamer; do
  timeout 60 sh -c "until kubectl get pods -l app=$app -o name | grep .; do sleep 1; done"
done
sneezer=$(kubectl get pods -l app=sneezer -o jsonpath='{.items[0].metadata.name}')
kubectl wait "pod/$sneezer" --for=jsonpath='{.status.containerStatuses[0].lastState.terminated}' --timeout=60s
kubectl create configmap answer \
  --from-literal=ip="$(kubectl get pod minou -o jsonpath='{.status.podIP}')" \
  --from-literal=pod="$(kubectl get pods -l app=dreamer -o jsonpath='{.items[0].metadata.name}')" \
  --from-literal=reason=FailedScheduling \
  --from-literal=code="$(kubectl get pod "$sneezer" -o jsonpath='{.status.containerStatuses[0].lastState.terminated.exitCode}')"
