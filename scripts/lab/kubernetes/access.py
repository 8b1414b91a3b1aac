"""Which cluster the lab talks to: a kind context on this computer's loopback, or nothing is sent."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NotRequired, TypedDict
from urllib.parse import urlsplit

from lab.config import Settings
from lab.errors import BadInput, Refused

Kubeconfig = dict[str, Any]


class _Entry(TypedDict):
    name: str
    cluster: NotRequired[Kubeconfig | None]
    context: NotRequired[Kubeconfig | None]
    user: NotRequired[Kubeconfig | None]


_Entries = list[_Entry] | None
_File = TypedDict(
    "_File", {"clusters": _Entries, "contexts": _Entries, "users": _Entries, "current-context": str | None}, total=False
)
"""What the lab reads of a kubeconfig; there may be more."""


@dataclass(frozen=True)
class Access:
    """Where the cluster's API server is, and the kubeconfig with its credentials, as kind wrote it."""

    context: str
    kubeconfig: Path
    server: str


def connect(settings: Settings) -> Access:
    """Find the lab's own cluster in the kubeconfig; the current context is never looked at.

    Raises Refused, before anything is sent, unless the context is kind's, exists, has certificates as kind makes them,
    and its server is on loopback without a proxy.
    """
    if not settings.kubeconfig.exists():
        raise Refused(f"there is no kubeconfig {settings.kubeconfig}", "`make kind-up` brings a cluster up")
    kubeconfig = read_kubeconfig(settings.kubeconfig)
    context = _entry(kubeconfig, "context", settings.context, settings)
    cluster = _entry(kubeconfig, "cluster", str(context.get("cluster")), settings)
    user = _entry(kubeconfig, "user", str(context.get("user")), settings)
    _check_loopback(settings, cluster)
    for entry, key in ((cluster, "certificate-authority-data"), (user, "client-certificate-data")):
        if not isinstance(entry.get(key), str):
            raise Refused(
                f"context {settings.context} has no {key}: it was not written by kind", "`make kind-up` writes it anew"
            )
    return Access(settings.context, settings.kubeconfig, cluster["server"])


def read_kubeconfig(path: Path) -> Kubeconfig:
    """Read a kubeconfig; an absent one is empty. Raises BadInput where it is none, or cannot be read."""
    import msgspec  # noqa: PLC0415 - not on the way to `lab --help`
    import yaml  # noqa: PLC0415 - the same

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(), Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _not_a_kubeconfig(path, str(error).splitlines()[0]) from None
    try:
        msgspec.convert(content, type=_File | None)
    except msgspec.ValidationError as error:
        raise _not_a_kubeconfig(path, str(error)) from None
    return content or {}


def _not_a_kubeconfig(path: Path, why: str) -> BadInput:
    return BadInput(f"{path} is no kubeconfig: {why}", "mend it, move it away, or set KUBECONFIG to another")


def _entry(kubeconfig: Kubeconfig, kind: str, name: str, settings: Settings) -> dict[str, Any]:
    for entry in kubeconfig.get(f"{kind}s") or []:
        if entry["name"] == name:
            content: dict[str, Any] = entry.get(kind) or {}
            return content
    raise Refused(
        f"{settings.kubeconfig} has no {kind} {name}: cluster {settings.cluster} is not there",
        f"bring it up: LAB_CLUSTER={settings.cluster} make kind-up",
    )


def _check_loopback(settings: Settings, cluster: Mapping[str, Any]) -> None:
    server = str(cluster.get("server", ""))
    if not _is_loopback(server) or cluster.get("proxy-url"):
        raise Refused(
            f"context {settings.context} leads to {server or 'nowhere'}, which is not a kind cluster on this machine",
            "the lab acts on its own clusters only: nothing was sent",
        )


def _is_loopback(server: str) -> bool:
    try:
        host = urlsplit(server).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
