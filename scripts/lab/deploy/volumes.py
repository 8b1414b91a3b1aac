"""Volumes for claims on a cluster whose storage class makes none: folders on the node, which outlive their Pods.

The lab's own node image has a class without a provisioner; kind's published ones make volumes by themselves, and then
there is nothing to do here. The volumes are of the type ``local``: kubelet gives those to a Pod's group (``fsGroup``),
which it does not do for ``hostPath``.
"""

from collections.abc import Callable, Iterable

from lab import docker
from lab.config import Settings
from lab.deploy import apply, manifests
from lab.deploy.manifests import Ref, Shape, ref_of
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object

FOLDER = "/var/lib/chatroulette-lab"
"""Where the folders are on the node."""

NO_PROVISIONER = "kubernetes.io/no-provisioner"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def make(
    api: Api, settings: Settings, shape: Shape, objects: Iterable[Object], report: Callable[[str], None]
) -> list[Object]:
    """Make a folder on the node for each claim whose class makes no volume, and return those volumes, to be applied.

    A volume whose claim was deleted by hand is made anew, and empty, as a provisioner would do.
    """
    claims = [item for item in objects if item["kind"] == "PersistentVolumeClaim"]
    classes = api.items(_CLASSES) if claims else []
    manual = [(claim, name) for claim in claims if (name := manual_class(claim, classes))]
    volumes: list[Object] = [
        manifests.prepared(volume(claim, name, settings.node), shape, {}) for claim, name in manual
    ]
    for ref in map(ref_of, volumes):
        if (api.get(ref.path) or {}).get("status", {}).get("phase") in {"Released", "Failed"}:
            remove(settings, apply.remove(api, [ref], report))
        docker.docker("exec", settings.node, "mkdir", "--parents", folder(ref))
    return volumes


def manual_class(claim: Object, classes: Iterable[Object]) -> str:
    """Return the name of a claim's class where it makes no volumes by itself; empty otherwise."""
    wanted = claim["spec"].get("storageClassName")
    for storage_class in classes:
        meta = storage_class["metadata"]
        is_default = (meta.get("annotations") or {}).get(_DEFAULT) == "true"
        is_claimed = meta["name"] == wanted or (wanted is None and is_default)
        if is_claimed and storage_class["provisioner"] == NO_PROVISIONER:
            return str(meta["name"])
    return ""


def volume(claim: Object, storage_class: str, node: str) -> Object:
    namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    ref = Ref("PersistentVolume", "", f"{namespace}-{name}")
    return {
        "apiVersion": "v1",
        "kind": ref.kind,
        "metadata": {"name": ref.name, "labels": dict(claim["metadata"].get("labels") or {})},
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": name},
            "local": {"path": folder(ref)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}},
        },
    }


def folder(volume: Ref) -> str:
    return f"{FOLDER}/{volume.name}"


def remove(settings: Settings, changes: Iterable[apply.Change]) -> None:
    folders = [folder(change.ref) for change in changes if change.ref.kind == "PersistentVolume"]
    if folders:
        docker.docker("exec", settings.node, "rm", "--recursive", "--force", *folders)
