# a request that no node has
sed 's/memory: 16Mi/memory: 900Gi/; s/memory: 32Mi/memory: 900Gi/' hungry.yaml | kubectl replace --force -f -
kubectl wait pod/hungry --for=jsonpath='{.status.conditions[0].reason}'=Unschedulable --timeout=60s
