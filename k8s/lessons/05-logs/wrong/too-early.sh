# the clock has only ticked so far
. "$LESSON/solution.sh"
kubectl patch configmap answer --type=merge -p '{"data":{"clock":"tick"}}'
