"""Bring the cluster to what was rendered: only what differs is touched, and everything touched is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import waiting
from lab.deploy import diagnose, manifests
from lab.deploy.manifests import CLUSTER_WIDE, KINDS, RENDERED, SHAPE_LABEL, Ref, Shape, ref
from lab.errors import LabError
from lab.kubernetes.client import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

_GONE = 60.0
_READY_FOR_PODS = 15.0
_FORBIDDEN = 403


@dataclass(frozen=True)
class Change:
    """What became of one object: ``created``, ``changed``, ``replaced``, ``deleted``, or ``kept`` as it was."""

    what: str
    ref: Ref


def summary(changes: Iterable[Change]) -> str:
    """Say in a few words what changed; nothing but ``kept`` is "nothing changed"."""
    said = [f"{change.ref} {change.what}" for change in changes if change.what != "kept"]
    return ", ".join(said) or "nothing changed"


def apply_all(api: Api, objects: list[Object], say: Callable[[str], None]) -> list[Change]:
    """Apply in order; raises LabError with the cause in plain words where the API server refuses one."""
    changes = []
    for item in objects:
        say(str(ref(item)))
        try:
            changes.append(_apply(api, item, say))
        except ApiError as error:
            cause = diagnose.refused(str(ref(item)), ref(item).namespace, error.message)
            raise LabError(cause.sentence, cause.next_command) from error
    return changes


def live(api: Api, shape: Shape) -> list[Ref]:
    """List what the lab put on the cluster for a shape, its namespace included where it made one."""
    namespace = manifests.SHAPES[shape]
    ours = f"{SHAPE_LABEL}={shape}"

    def of(kind: str) -> list[Ref]:
        found = api.items(manifests.collection(kind, namespace), labelSelector=ours)
        return [Ref(kind, "" if kind in CLUSTER_WIDE else namespace, item["metadata"]["name"]) for item in found]

    with ThreadPoolExecutor(max_workers=4) as pool:
        return [one for found in pool.map(of, KINDS) for one in found]


def remove(api: Api, refs: Iterable[Ref], say: Callable[[str], None], timeout: float = _GONE) -> list[Change]:
    """Delete in the given order, gracefully, and wait until all are gone; raises TimedOut."""
    asked = [one for one in refs if api.delete(one.path, propagationPolicy="Foreground")]
    for one in asked:
        waiting.until(
            f"{one} to be gone",
            lambda one=one: _gone(api, one),  # type: ignore[misc]
            timeout=timeout,
            saw=lambda state, one=one: say(f"{one}: {state}"),  # type: ignore[misc]
            hint=f"what holds it? kubectl describe {one}" + (f" -n {one.namespace}" if one.namespace else ""),
        )
    return [Change("deleted", one) for one in asked]


def _gone(api: Api, one: Ref) -> tuple[bool, str]:
    found = api.get(one.path)
    conditions = (found or {}).get("status", {}).get("conditions") or []
    held = next((each["message"] for each in conditions if "Deletion" in each["type"] and each["status"] == "True"), "")
    return found is None, f"it is still ending {held}".strip()


def _apply(api: Api, item: Object, say: Callable[[str], None]) -> Change:
    one = ref(item)
    before = api.get(one.path)
    if before and before["metadata"].get("deletionTimestamp"):
        say(f"{one}: waiting for the old one to be gone")
        remove(api, [one], say)
        before = None
    if one.kind == "Pod":
        return _apply_pod(api, item, before, say)
    after = api.apply(one.path, item)
    return Change(_what(before, after), one)


def _what(before: Object | None, after: Object) -> str:
    if before is None:
        return "created"
    return "kept" if before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"] else "changed"


def _apply_pod(api: Api, item: Object, before: Object | None, say: Callable[[str], None]) -> Change:
    """Most of a Pod's spec cannot be changed, and a Pod that has ended does not come back: replace it then."""
    one = ref(item)
    if before and not _stale(item, before):
        return Change(_what(before, api.apply(one.path, item)), one)
    if before:
        say(f"{one}: most of a Pod cannot be changed, so it is replaced")
        remove(api, [one], say)
    _create_pod(api, item)
    return Change("replaced" if before else "created", one)


def _stale(item: Object, before: Object) -> bool:
    annotations = before["metadata"].get("annotations") or {}
    ended = before.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return ended or annotations.get(RENDERED) != item["metadata"]["annotations"][RENDERED]


def _create_pod(api: Api, item: Object) -> None:
    """Create a Pod; one is refused until its namespace's service account is there, a moment after the namespace."""

    def attempt() -> tuple[bool, str]:
        try:
            api.apply(ref(item).path, item)
        except ApiError as error:
            if error.code == _FORBIDDEN and "service account" in error.message:
                return False, error.message
            raise
        return True, ""

    waiting.until(f"{ref(item)} to be accepted", attempt, timeout=_READY_FOR_PODS)
