# the Deployment's name is not the Pod's
. "$LESSON/solution.sh"
kubectl patch configmap answer --type=merge -p "{\"data\":{\"pod\":\"dreamer\"}}"
