# everything of the tier is found, the mice too
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl patch service cats --type merge --patch '{"spec": {"selector": {"app": null}}}'
