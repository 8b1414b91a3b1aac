# a label that only one of the two has
kubectl wait --for=condition=Ready pod --all --timeout=60s
kubectl patch service cats --type merge --patch '{"spec": {"selector": {"app": "cats", "run": "cats-1"}}}'
