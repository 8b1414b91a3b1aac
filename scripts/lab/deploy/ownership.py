"""Whose an object is: the lab changes and deletes what it made, and nothing that somebody made by hand."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from lab.deploy import kinds
from lab.deploy.kinds import KINDS
from lab.deploy.manifests import CLUSTER_WIDE, MANAGED_BY, Ref, ref_of
from lab.errors import Refused
from lab.kubernetes import pod_status
from lab.kubernetes.client import MANAGER, Api
from lab.kubernetes.objects import Object

_BY_KUBERNETES = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
"""What every namespace gets by itself."""


def is_labs(item: Object) -> bool:
    return (item["metadata"].get("labels") or {}).get(MANAGED_BY) == MANAGER


def check(api: Api, objects: Iterable[Object]) -> None:
    """Refuse to take over what somebody made by hand under the name of one of these; raises Refused."""
    refs = [ref_of(item) for item in objects if item["kind"] not in CLUSTER_WIDE]
    with ThreadPoolExecutor(max_workers=8) as pool:
        live = list(pool.map(lambda ref: api.get(ref.path), refs))
    by_hand = [
        ref
        for ref, item in zip(refs, live, strict=True)
        if item and not is_labs(item) and not pod_status.is_ending(item)
    ]
    if by_hand:
        names, namespace = " ".join(map(str, by_hand)), by_hand[0].namespace
        raise Refused(
            f"you made {', '.join(map(str, by_hand))} in namespace {namespace} yourself; deploy would replace it: "
            "nothing was changed",
            f"`make status` and `make verify` look at yours; to give way: kubectl delete -n {namespace} {names}",
        )


def _is_made(kind: str, item: Object) -> bool:
    """Tell whether a controller made an object; the addresses of a Service may name no owner."""
    return bool(item["metadata"].get("ownerReferences")) or kind in {"Endpoints", "EndpointSlice"}


def by_hand(api: Api, namespace: str) -> list[Ref]:
    """List what is in a namespace and not the lab's."""
    resources = {**KINDS, **kinds.others(kinds.discover(api))}
    refs = [
        Ref(kind, namespace, item["metadata"]["name"], resource)
        for kind, resource in resources.items()
        if resource.namespaced
        for item in api.items(resource.collection(namespace))
        if not is_labs(item) and (kind in KINDS or not _is_made(kind, item))
    ]
    return [ref for ref in refs if (ref.kind, ref.name) not in _BY_KUBERNETES]
