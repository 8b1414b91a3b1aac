# the word of the life that goes on
. "$LESSON/solution.sh"
kubectl patch configmap answer --type=merge -p "{\"data\":{\"former\":\"$(kubectl logs phoenix | word)\"}}"
