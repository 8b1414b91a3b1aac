# the state, and not why
. "$LESSON/solution.sh"
kubectl patch configmap answer --type=merge -p "{\"data\":{\"reason\":\"Pending\"}}"
