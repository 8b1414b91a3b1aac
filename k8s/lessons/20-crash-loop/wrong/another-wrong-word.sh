# another word that the backend does not know
sed s/verbose/trace/ cats.yaml | kubectl replace --force -f -
kubectl wait pod/cats --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff --timeout=90s
