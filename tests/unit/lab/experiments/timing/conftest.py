"""Tells stories: what a recorder would have seen, written down by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lab.experiments.timed.recorder import Seen


class Story:
    """What was seen, told in any order; each Pod keeps what was told of it before."""

    def __init__(self) -> None:
        self._told: list[Seen] = []

    @property
    def seen(self) -> tuple[Seen, ...]:
        return tuple(sorted(self._told, key=lambda one: one.at))

    def without(self, **fields: Any) -> None:
        """Forget what has these fields."""
        self._told = [one for one in self._told if any(getattr(one, key) != value for key, value in fields.items())]

    def deed(self, at: float, name: str) -> None:
        self._told.append(Seen(at, "deed", name))

    def answer(self, at: float, name: str, outcome: str, **body: Any) -> None:
        self._told.append(Seen(at, "answer", name, outcome, {"raw": f"raw {outcome}", **body}))

    def event(self, at: float, pod: str, reason: str, message: str, container: str = "") -> None:
        about = {"name": pod, "fieldPath": f"spec.containers{{{container}}}"}
        body = {"type": "Warning", "reason": reason, "message": message, "involvedObject": about}
        self._told.append(Seen(at, "Event", f"{pod}.{at}", "ADDED", body))

    def endpoint(self, at: float, pod: str, **conditions: bool) -> None:
        each = {"addresses": ["10.244.0.9"], "conditions": conditions, "targetRef": {"name": pod}}
        self._told.append(Seen(at, "EndpointSlice", "slice", "MODIFIED", {"endpoints": [each]}))

    def pod(self, at: float, name: str, *, ready: bool | None = None, **containers: dict[str, Any]) -> None:
        """Tell a Pod's status; `containers` by name, with - as _, are what changes of theirs."""
        before = [one.body for one in self.seen if (one.kind, one.name) == ("Pod", name) and one.at <= at]
        body = copy.deepcopy(before[-1]) if before else {"status": {"podIP": "10.244.0.9", "containerStatuses": []}}
        status = body["status"]
        if ready is not None:
            status["conditions"] = [{"type": "Ready", "status": str(ready)}]
        for key, change in containers.items():
            _change(status["containerStatuses"], key.replace("_", "-"), change)
        self._told.append(Seen(at, "Pod", name, "MODIFIED", body))

    def gone(self, at: float, name: str) -> None:
        self.pod(at, name)
        last = self._told.pop()
        self._told.append(Seen(at, "Pod", name, "DELETED", last.body))


def _change(statuses: list[dict[str, Any]], name: str, change: dict[str, Any]) -> None:
    found = next((one for one in statuses if one["name"] == name), None)
    if found is None:
        found = {"name": name, "restartCount": 0, "containerID": f"containerd://{name}-0"}
        statuses.append(found)
    found.update(change)


RUNNING = {"state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def runs() -> dict[str, Any]:
    """A container's status while it runs."""
    return copy.deepcopy(RUNNING)
