"""Bring the cluster to what was rendered: only what differs is touched, and everything touched is reported."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab import waiting
from lab.deploy import dry_run, kinds, manifests
from lab.deploy.kinds import KINDS
from lab.deploy.manifests import RENDERED, SHAPE_LABEL, Manifest, Ref, Shape, ref_of
from lab.kubernetes import pod_status
from lab.kubernetes.client import MANAGER, STRATEGIC, Api, ApiError
from lab.kubernetes.objects import Object

_GONE = 60.0
_READY_FOR_PODS = 15.0
_FORBIDDEN = 403
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Change:
    """What became of one object: ``created``, ``changed``, ``replaced``, ``deleted``, or ``kept`` as it was."""

    what: str
    ref: Ref


def summary(changes: Iterable[Change]) -> str:
    """Return in a few words what changed; nothing but ``kept`` is "nothing changed"."""
    return ", ".join(f"{change.ref} {change.what}" for change in changes if change.what != "kept") or "nothing changed"


def apply_all(api: Api, objects: Iterable[Object], report: Callable[[str], None]) -> list[Change]:
    """Apply in order; raises LabError with the cause, and what was changed before, where one is refused."""
    changes: list[Change] = []
    for item in objects:
        ref = ref_of(item)
        report(str(ref))
        try:
            changes.append(Change(_apply(api, ref, item, report), ref))
        except ApiError as error:
            cause = dry_run.explained(api, item if isinstance(item, Manifest) else Manifest(item), error)
            done = ", ".join([summary(changes), *getattr(error, "__notes__", [])])
            raise type(cause)(f"{cause.what}. Before that: {done}", cause.hint) from error
    return changes


def live(api: Api) -> dict[Shape, list[Ref]]:
    """List what the lab put on the cluster for each shape, its namespace included where it made one.

    What controllers made of it may have its labels too, but has an owner, or not the annotation.
    """
    resources = {**KINDS, **kinds.others(kinds.discover(api))}

    def of(kind: str) -> list[tuple[str, Ref]]:
        items = api.items(resources[kind].every, labelSelector=SHAPE_LABEL)
        metas = [item["metadata"] for item in items if kind in KINDS or _is_rendered(item)]
        return [
            (meta["labels"][SHAPE_LABEL], Ref(kind, meta.get("namespace", ""), meta["name"], resources[kind]))
            for meta in metas
        ]

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = [entry for entries in pool.map(of, resources) for entry in entries]
    return {shape: [ref for label, ref in found if label == shape] for shape in manifests.SHAPES}


def _is_rendered(item: Object) -> bool:
    meta = item["metadata"]
    return RENDERED in (meta.get("annotations") or {}) and not meta.get("ownerReferences")


def remove(api: Api, refs: Iterable[Ref], report: Callable[[str], None], timeout: float = _GONE) -> list[Change]:
    """Delete in the given order, gracefully, and wait until all are gone; raises TimedOut."""
    deleted = [ref for ref in refs if api.delete(ref.path, propagationPolicy="Foreground")]
    for ref in deleted:
        waiting.until(
            f"{ref} to be gone",
            lambda ref=ref: _gone(api, ref),  # type: ignore[misc]
            timeout=timeout,
            on_state=lambda state, ref=ref: report(f"{ref}: {state}"),  # type: ignore[misc]
            hint=f"what holds it? kubectl describe {ref}" + (f" -n {ref.namespace}" if ref.namespace else ""),
        )
    return [Change("deleted", ref) for ref in deleted]


def _gone(api: Api, ref: Ref) -> tuple[bool, str]:
    item = api.get(ref.path)
    conditions = (item or {}).get("status", {}).get("conditions") or []
    reasons = (each["message"] for each in conditions if "Deletion" in each["type"] and each["status"] == "True")
    return item is None, f"it is still ending {next(reasons, '')}".strip()


def _apply(api: Api, ref: Ref, item: Object, report: Callable[[str], None]) -> str:
    before = api.get(ref.path)
    if before and pod_status.is_ending(before):
        report(f"{ref}: waiting for the old one to be gone")
        remove(api, [ref], report)
        before = None
    if ref.kind == "Pod":
        return _apply_pod(api, ref, item, before, report)
    return _difference(before, api.apply(ref.path, item))


def _difference(before: Object | None, after: Object) -> str:
    if before is None:
        return "created"
    return "kept" if before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"] else "changed"


def _apply_pod(api: Api, ref: Ref, item: Object, before: Object | None, report: Callable[[str], None]) -> str:
    """Apply a Pod; replace one that differs or has ended: most of a Pod's spec cannot be changed."""
    if before and not dry_run.is_stale(item, before):
        return _difference(before, api.call("PATCH", ref.path, _changeable(item), media=STRATEGIC))
    if before:
        report(f"{ref}: most of a Pod cannot be changed, so it is replaced")
        dry_run.ask(api, ref, item)  # what was applied before it may refuse it now: a quota, a policy
        remove(api, [ref], report)
    try:
        _create_pod(api, ref, item, replaces=bool(before))
    except ApiError as error:
        if before:
            error.add_note(f"{ref} deleted")
        raise
    return "replaced" if before else "created"


def _changeable(item: Object) -> Object:
    """Return what may be changed of a Pod."""
    images = [{"name": each["name"], "image": each["image"]} for each in item["spec"]["containers"]]
    meta = {name: item["metadata"].get(name) for name in ("labels", "annotations")}
    return {"metadata": meta, "spec": {"containers": images}}


def _create_pod(api: Api, ref: Ref, item: Object, *, replaces: bool) -> None:
    """Create a Pod, which may be refused at first.

    Its namespace's service account exists a moment after the namespace, and a quota counts a Pod that is gone for a
    moment more.
    """

    def attempt() -> tuple[bool, str]:
        try:
            api.create(ref.collection, item)
        except ApiError as error:
            is_counted = replaces and "exceeded quota" in error.message
            if error.code == _FORBIDDEN and (is_counted or "service account" in error.message):
                return False, error.message
            raise
        return True, ""

    waiting.until(f"{ref} to be accepted", attempt, timeout=_READY_FOR_PODS)


def scale_to_minimum(api: Api, objects: Iterable[Object], report: Callable[[str], None]) -> None:
    """Raise what has fewer Pods than its autoscaler's minimum to it, at once: it first looks 15 s after it was made.

    Manifests leave the number out, and set through ``/scale`` it is no field of a later apply: none resets it.
    """
    for item in objects:
        if item["kind"] != "HorizontalPodAutoscaler" or item["spec"]["scaleTargetRef"]["kind"] not in KINDS:
            continue
        minimum, target = item["spec"].get("minReplicas") or 1, item["spec"]["scaleTargetRef"]
        ref = Ref(target["kind"], item["metadata"]["namespace"], target["name"])
        scale = api.get(f"{ref.path}/scale")
        if scale and scale["spec"].get("replicas", 0) < minimum:
            report(f"{ref}: {minimum} replicas, its autoscaler's minimum")
            query = {"fieldManager": f"{MANAGER}-scale"}
            api.call("PATCH", f"{ref.path}/scale", {"spec": {"replicas": minimum}}, media=_MERGE, query=query)
