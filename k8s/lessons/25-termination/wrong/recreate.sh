# all old Pods end before the new ones come
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor | grep "rollout 0.*settled yes"; do sleep 1; done'
kubectl patch deployment cats --type merge --patch '{"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}}'
kubectl rollout restart deployment/cats
kubectl rollout status deployment/cats --timeout=90s
timeout 60 sh -c 'until kubectl logs visitor | grep "rollout 1.*settled yes"; do sleep 1; done'
