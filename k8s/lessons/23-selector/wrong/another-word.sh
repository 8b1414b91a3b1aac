# still a word that no Pod has
kubectl patch service cats --type merge --patch '{"spec": {"selector": {"app": "Cats"}}}'
