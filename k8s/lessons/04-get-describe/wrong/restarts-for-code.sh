# how often it ended, and not with which code
. "$LESSON/solution.sh"
kubectl patch configmap answer --type=merge -p "{\"data\":{\"code\":\"3\"}}"
