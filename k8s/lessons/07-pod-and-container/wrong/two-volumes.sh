# each mounts a volume, but not the same
sed 's/^  - name: pages$/&\n    emptyDir: {}\n  - name: paper/' "$LESSON/solution/house.yaml" |
  awk '/- name: pages/ && seen++ == 2 { sub("pages", "paper") } { print }' > two.yaml
kubectl apply -f two.yaml
kubectl wait --for=condition=Ready pod/house --timeout=60s
