"""Add one context to a kubeconfig, and remove just that again.

kind makes its context current whatever was current before; the lab does so only where nothing, or a kind cluster, was.
The file is locked as kubectl and kind do (``<file>.lock``, made exclusively) and replaced in one move.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from lab.errors import TimedOut
from lab.kubernetes.access import Kubeconfig, read_kubeconfig

LOCK_SECONDS = 10.0
_LISTS = ("clusters", "users", "contexts")


def merged(config: Kubeconfig, added: Kubeconfig) -> Kubeconfig:
    """Return ``config`` with the entries of ``added`` in place of those of the same name.

    The current context becomes the added one only where none, or a ``kind-`` one, was current.
    """
    result = {"apiVersion": "v1", "kind": "Config", "preferences": {}, **config}
    for key in _LISTS:
        names = {entry["name"] for entry in added[key]}
        result[key] = [entry for entry in config.get(key) or [] if entry["name"] not in names] + added[key]
    current = config.get("current-context") or ""
    result["current-context"] = added["current-context"] if current.startswith("kind-") or not current else current
    return result


def without(config: Kubeconfig, context: str) -> Kubeconfig:
    """Return ``config`` without the context and the cluster and user of that name, which is how kind names them."""
    result = dict(config)
    for key in _LISTS:
        result[key] = [entry for entry in config.get(key) or [] if entry["name"] != context]
    if config.get("current-context") == context:
        result["current-context"] = ""
    return result


def add(path: Path, added: Kubeconfig) -> bool:
    """Write the merged kubeconfig; tell whether the added context is now the current one."""
    after = _change(path, lambda config: merged(config, added))
    return bool(after["current-context"] == added["current-context"])


def remove(path: Path, context: str) -> None:
    """Write the kubeconfig without that context; a file that is not there stays away."""
    if path.exists():
        _change(path, lambda config: without(config, context))


def _change(path: Path, change: Callable[[Kubeconfig], Kubeconfig]) -> Kubeconfig:
    path = path.resolve()  # a kubeconfig may be a link: what it leads to is replaced
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        before = read_kubeconfig(path)
        after = change(before)
        if after != before:
            _replace(path, yaml.safe_dump(after, sort_keys=False))
    return after


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import SoftFileLock, Timeout  # noqa: PLC0415 - not on the way to `lab --help`

    lock = path.with_name(f"{path.name}.lock")
    try:
        with SoftFileLock(lock, timeout=LOCK_SECONDS):
            yield
    except Timeout:
        hint = f"if no kubectl or kind runs: rm {lock}"
        raise TimedOut(f"the lock on {path}", LOCK_SECONDS, f"{lock} is there", hint) from None
