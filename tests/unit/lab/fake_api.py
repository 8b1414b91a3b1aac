"""A Kubernetes API that keeps objects by path, as the API server does."""

import copy
import re
from typing import Any


class FakeApi:
    """Keeps objects by path and what was sent; a deleted object stays for ``lingers`` reads, as with a finalizer.

    ``refusals`` are raised, one an apply, before a Pod is accepted.
    """

    def __init__(self, **objects: Any) -> None:
        self.objects: dict[str, Any] = objects
        self.sent: list[tuple[Any, ...]] = []
        self.refusals: list[Exception] = []
        self.lingers = 0

    def get(self, path: str) -> Any:
        item = self.objects.get(path)
        if item and item["metadata"].get("deletionTimestamp"):
            self.lingers -= 1
            if self.lingers < 0:
                del self.objects[path]
                return None
        return copy.deepcopy(item)

    def create(self, collection: str, body: dict[str, Any], **query: str) -> Any:
        """Create, or only raise a refusal where it is a dry run."""
        if self.refusals:
            raise self.refusals.pop(0)
        if query.get("dryRun") != "All":
            self.apply(f"{collection}/{body['metadata']['name']}", body)

    def items(self, path: str, labelSelector: str = "", **_: Any) -> list[Any]:  # noqa: N803 - the API's own name
        key, _, value = labelSelector.partition("=")
        inside = [item for where, item in self.objects.items() if re.fullmatch(re.escape(path) + "/[^/]+", where)]
        return [item for item in inside if not value or item["metadata"].get("labels", {}).get(key) == value]

    def apply(self, path: str, body: dict[str, Any]) -> Any:
        before = self.objects.get(path)
        meta = before["metadata"] if before else {"uid": path, "resourceVersion": "1"}
        merged = {**copy.deepcopy(body), "metadata": {**meta, **body["metadata"]}}
        if before and {**merged, "status": 0} != {**before, "status": 0}:
            merged["metadata"]["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)
        self.objects[path] = {**merged, "status": (before or {}).get("status", {})}
        return copy.deepcopy(self.objects[path])

    def call(self, method: str, path: str, body: Any = None, **_: Any) -> Any:
        if method == "PATCH" and path in self.objects and "/scale" not in path:
            return copy.deepcopy(self.objects[path])
        if method == "GET":
            return {"items": []}  # no other kinds
        self.sent.append((method, path, body))
        return None

    def delete(self, path: str, **_: Any) -> bool:
        if path not in self.objects:
            return False
        self.objects[path]["metadata"]["deletionTimestamp"] = "now"
        self.sent.append(("DELETE", path))
        return True
