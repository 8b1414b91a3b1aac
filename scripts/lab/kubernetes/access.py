"""Which cluster the lab talks to: a kind context on this computer's loopback, or nothing is sent."""

import functools
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
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


class AsWritten(str):  # noqa: SLOT000 - it has a style
    """A scalar as text, whatever YAML takes it for; ``style`` is its quote, None where it is plain.

    kubectl reads every scalar of a kubeconfig into the kind of its field (sigs.k8s.io/yaml), mostly text.
    """

    style: str | None = None


Configs = Mapping[Path, Kubeconfig | None]
"""The content of each file of KUBECONFIG's list; None where there is no such file."""


@dataclass(frozen=True)
class Access:
    """Where the cluster's API server is, and a kubeconfig with nothing but its credentials, as kind wrote them."""

    context: str
    kubeconfig: Kubeconfig
    server: str


def connect(settings: Settings) -> Access:
    """Find the lab's own cluster in the kubeconfig files; the current context is never looked at.

    Raises Refused, before anything is sent, unless the context is kind's, exists, has certificates as kind makes them,
    and its server is on loopback without a proxy.
    """
    configs = read_kubeconfigs(settings.kubeconfigs)
    if not any(config is not None for config in configs.values()):
        raise Refused(f"there is no kubeconfig {_names(settings)}", "`make kind-up` brings a cluster up")
    context = _content(configs, "context", settings.context, settings)
    cluster = _content(configs, "cluster", str(context.get("cluster")), settings)
    user = _content(configs, "user", str(context.get("user")), settings)
    _check_loopback(settings, cluster)
    for entry, key in ((cluster, "certificate-authority-data"), (user, "client-certificate-data")):
        if not isinstance(entry.get(key), str):
            raise Refused(
                f"context {settings.context} has no {key}: it was not written by kind", "`make kind-up` writes it anew"
            )
    return Access(settings.context, _checked(settings.context, cluster, user), cluster["server"])


def _checked(name: str, cluster: Kubeconfig, user: Kubeconfig) -> Kubeconfig:
    """Return a kubeconfig of the fields that were looked at: what is used is what was checked."""
    server = {key: cluster.get(key) for key in ("server", "certificate-authority-data")}
    login = {key: user.get(key) for key in ("client-certificate-data", "client-key-data")}
    return {
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": login}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def read_kubeconfigs(paths: Sequence[Path]) -> dict[Path, Kubeconfig | None]:
    """Read the files of a list, each as ``read_kubeconfig``."""
    return {path: read_kubeconfig(path) for path in paths}


def read_kubeconfig(path: Path) -> Kubeconfig | None:
    """Read a kubeconfig, its scalars as text; None where there is none. Raises BadInput where it cannot be read."""
    import msgspec  # noqa: PLC0415 - not on the way to `lab --help`
    import yaml  # noqa: PLC0415 - the same

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506 - a safe loader
    except FileNotFoundError:
        return None
    except OSError as error:
        what = f"the kubeconfig {path} cannot be read: {error.strerror}"
        raise BadInput(what, "make it a file of your own, or set KUBECONFIG to another") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _not_a_kubeconfig(path, _brief(error)) from None
    try:
        msgspec.convert(content, type=_File | None)
    except msgspec.ValidationError as error:
        raise _not_a_kubeconfig(path, str(error)) from None
    return content or {}


@functools.cache
def _loader() -> Any:
    """Return a safe loader, in C where there is one, that leaves scalars as they are written; null is None."""
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    def as_written(_loader: object, node: yaml.ScalarNode) -> AsWritten:
        text = AsWritten(node.value)
        text.style = node.style or None
        return text

    def mapping(loader: Any, node: yaml.MappingNode) -> Kubeconfig:
        loader.flatten_mapping(node)
        return {str(key.value): loader.construct_object(value, deep=True) for key, value in node.value}

    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    loader.add_constructor("tag:yaml.org,2002:map", mapping)
    for kind in ("str", "int", "float", "bool", "timestamp"):
        loader.add_constructor(f"tag:yaml.org,2002:{kind}", as_written)
    return loader


def _brief(error: Exception) -> str:
    """Return the first line of an error, and where in the file it is."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _not_a_kubeconfig(path: Path, why: str) -> BadInput:
    return BadInput(f"{path} is no kubeconfig: {why}", "mend it, move it away, or set KUBECONFIG to another")


def find_entry(config: Kubeconfig, key: str, name: str) -> dict[str, Any] | None:
    """Return the entry of that name in one of the kubeconfig's lists."""
    return next((entry for entry in config.get(key) or [] if entry.get("name") == name), None)


def current_context(configs: Iterable[Kubeconfig | None]) -> str:
    """Return the merged current context: the first file that sets one wins."""
    return str(next(filter(None, ((config or {}).get("current-context") for config in configs)), ""))


def _content(configs: Configs, kind: str, name: str, settings: Settings) -> dict[str, Any]:
    """Return what an entry says: that of the first file wins."""
    entry = next(filter(None, (find_entry(config or {}, f"{kind}s", name) for config in configs.values())), None)
    if entry is None:
        raise Refused(
            f"{_names(settings)} has no {kind} {name}: cluster {settings.cluster} is not there",
            f"bring it up: LAB_CLUSTER={settings.cluster} make kind-up",
        )
    content: dict[str, Any] = entry.get(kind) or {}
    return content


def _names(settings: Settings) -> str:
    return ":".join(map(str, settings.kubeconfigs))


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
