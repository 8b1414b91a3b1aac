"""Volumes for claims on a cluster whose storage class makes none: folders on the node, which outlive their Pods.

The lab's own node image has a class without a provisioner; kind's published ones make volumes by themselves, and then
there is nothing to do here. The volumes are of the type ``local``: kubelet gives those to a Pod's group (``fsGroup``),
which it does not do for ``hostPath``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import docker
from lab.deploy import apply, manifests
from lab.deploy.manifests import Ref, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.config import Settings
    from lab.deploy.manifests import Shape
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

FOLDER = "/var/lib/chatroulette-lab"
"""Where the folders are on the node."""

MAKES_NONE = "kubernetes.io/no-provisioner"
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def make(
    api: Api, settings: Settings, shape: Shape, objects: Iterable[Object], say: Callable[[str], None]
) -> list[Object]:
    """Have a folder on the node for each claim whose class makes no volume, and return those volumes, to be applied.

    A volume whose claim was deleted by hand is made anew, and empty, as a provisioner would do.
    """
    claims = [item for item in objects if item["kind"] == "PersistentVolumeClaim"]
    classes = api.items(_CLASSES) if claims else []
    wanted = [(claim, name) for claim in claims if (name := by_hand(claim, classes))]
    made = [manifests.prepared(volume(claim, name, settings.node), shape, {}) for claim, name in wanted]
    for one in map(ref, made):
        if (api.get(one.path) or {}).get("status", {}).get("phase") in {"Released", "Failed"}:
            remove(settings, apply.remove(api, [one], say))
        docker.docker("exec", settings.node, "mkdir", "--parents", folder(one))
    return made


def by_hand(claim: Object, classes: Iterable[Object]) -> str:
    """Name the class of a claim where it is one whose volumes are made by hand; empty otherwise."""
    wanted = claim["spec"].get("storageClassName")
    for one in classes:
        meta = one["metadata"]
        default = (meta.get("annotations") or {}).get(_DEFAULT) == "true"
        if (meta["name"] == wanted or (wanted is None and default)) and one["provisioner"] == MAKES_NONE:
            return str(meta["name"])
    return ""


def volume(claim: Object, storage_class: str, node: str) -> Object:
    """Describe the volume of a claim, kept for it alone."""
    space, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
    only = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    made = Ref("PersistentVolume", "", f"{space}-{name}")
    return {
        "apiVersion": "v1",
        "kind": made.kind,
        "metadata": {"name": made.name, "labels": dict(claim["metadata"].get("labels") or {})},
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": space, "name": name},
            "local": {"path": folder(made)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [only]}]}},
        },
    }


def folder(one: Ref) -> str:
    """Return where a volume's folder is on the node."""
    return f"{FOLDER}/{one.name}"


def remove(settings: Settings, gone: Iterable[apply.Change]) -> None:
    """Take away the folders of volumes that are gone."""
    folders = [folder(one.ref) for one in gone if one.ref.kind == "PersistentVolume"]
    if folders:
        docker.docker("exec", settings.node, "rm", "--recursive", "--force", *folders)
