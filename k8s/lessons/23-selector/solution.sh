kubectl patch service cats --type merge --patch '{"spec": {"selector": {"app": "cats"}}}'
