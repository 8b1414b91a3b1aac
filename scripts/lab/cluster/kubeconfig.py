"""Add one context to the user's kubeconfig files, and remove just that again, where `kubectl config` would.

The rules are those of client-go (tools/clientcmd: loader.go, config.go): of the list the first file that exists is
written, else the last; an entry that is there stays in its file; the first current context wins. A file is locked as
kubectl and kind do (``<file>.lock``, made exclusively). kind makes its context current whatever was current before; the
lab does so only where nothing, or a kind cluster, was.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.config import CACHE
from lab.errors import LabError, TimedOut
from lab.kubernetes.access import AsWritten, Configs, Kubeconfig, current_context, find_entry, read_kubeconfigs

LOCK_SECONDS = 10.0
_LISTS = ("clusters", "users", "contexts")
_NEW = {"apiVersion": "v1", "kind": "Config", "preferences": {}}
_KEEP_INODE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY}
"""Where a file cannot be replaced it may yet be written: in another's folder, with another's owner, bind-mounted."""
_FIX = "make it writable, or set KUBECONFIG to a file of your own"


def target(configs: Configs) -> Path:
    """Return the file that kubectl writes a new entry to (PathOptions.GetDefaultFilename)."""
    paths = list(configs)
    return next((path for path in paths if configs[path] is not None), paths[-1])


def merged(configs: Configs, added: Kubeconfig, made: Sequence[str] = ()) -> dict[Path, Kubeconfig]:
    """Return the files that change, with the entries of ``added``; ``made`` is what is removed again with the last one.

    The current context becomes the added one only where none, or a ``kind-`` one, was current.
    """
    new_file = {**_NEW, "extensions": [{"name": CACHE, "extension": {"made": list(made)}}]}
    after = {path: dict(new_file if config is None else config) for path, config in configs.items()}
    default = target(configs)
    for key in _LISTS:
        for entry in added[key]:
            origin = next((path for path in after if find_entry(after[path], key, entry["name"])), default)
            before = find_entry(after[origin], key, entry["name"]) or {}
            others = [each for each in after[origin].get(key) or [] if each["name"] != entry["name"]]
            after[origin][key] = [*others, _with_namespace(before, entry)]
    current = current_context(configs.values())
    if not current or current.startswith("kind-"):
        after[default]["current-context"] = added["current-context"]
    return {path: after[path] for path, config in configs.items() if after[path] not in (config, new_file)}


def _with_namespace(before: Kubeconfig, entry: Kubeconfig) -> Kubeconfig:
    """Return the entry with the namespace that a person chose for the context."""
    namespace = (before.get("context") or {}).get("namespace")
    return {**entry, "context": {**entry["context"], "namespace": namespace}} if namespace else entry


def without(configs: Configs, context: str) -> dict[Path, Kubeconfig]:
    """Return the files that change without the context and the cluster and user of that name, as kind names them."""
    changed = {}
    for path, config in configs.items():
        lists = {key: config[key] for key in _LISTS if config.get(key)} if config else {}
        after = {key: [each for each in entries if each["name"] != context] for key, entries in lists.items()}
        current = {"current-context": ""} if config and config.get("current-context") == context else {}
        if config and (result := {**config, **after, **current}) != config:
            changed[path] = result
    return changed


def add(files: Sequence[Path], added: Kubeconfig) -> tuple[Path, bool]:
    """Write the entries; return the file that has the context, and whether it is the current one."""
    made = [str(path) for path in _missing(target(read_kubeconfigs(files)))]
    _change(files, lambda configs: merged(configs, added, made))
    configs, context = read_kubeconfigs(files), added["current-context"]
    path = next(path for path, config in configs.items() if find_entry(config or {}, "contexts", context))
    return path, current_context(configs.values()) == context


def remove(files: Sequence[Path], context: str) -> None:
    """Write the files without that context; one that the lab made, and that says nothing any more, is removed."""
    _change(files, lambda configs: without(configs, context))


def check(files: Sequence[Path]) -> None:
    """Raise BadInput for a file of the list that is no kubeconfig, LabError where an entry could not be written."""
    path = target(read_kubeconfigs(files))
    folder = next(folder for folder in path.parents if folder.exists())
    for needed in (path, folder):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise LabError(f"the kubeconfig {path} cannot be written: {needed} is read-only", _FIX)


def _change(files: Sequence[Path], change: Callable[[Configs], Mapping[Path, Kubeconfig]]) -> None:
    left: list[str] = []
    with contextlib.ExitStack() as locks:
        for path in sorted(change(read_kubeconfigs(files))):
            locks.enter_context(_locked(path))
        for path, config in change(read_kubeconfigs(files)).items():
            with _failures_named(path):
                if _is_left(path, config):
                    path.unlink()
                    left += _made(config)[1:]
                else:
                    _write(path, config)
    with contextlib.suppress(OSError):  # not empty: kubectl keeps its cache there
        for folder in left:
            Path(folder).rmdir()


@contextlib.contextmanager
def _failures_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LabError(f"the kubeconfig {path} cannot be written: {error.strerror}", _FIX) from None


def _write(path: Path, config: Kubeconfig) -> None:
    text = yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    real = path.resolve()  # a kubeconfig may be a link: what it leads to is replaced
    try:
        _replace(real, text)
    except OSError as error:
        if error.errno not in _KEEP_INODE:
            raise
        real.write_text(text, encoding="utf-8")


def _is_left(path: Path, config: Kubeconfig) -> bool:
    """Tell whether a file is of the lab's making and has no entry left."""
    return str(path) in _made(config)[:1] and not any(config.get(key) for key in (*_LISTS, "current-context"))


def _made(config: Kubeconfig) -> list[str]:
    extension = (find_entry(config, "extensions", CACHE) or {}).get("extension") or {}
    return [str(path) for path in extension.get("made") or []]


def _replace(path: Path, text: str) -> None:
    """Replace a file in one move; owner, group and mode stay, or those of a new file are the user's own."""
    if path.exists() and path.stat().st_nlink > 1:
        raise OSError(errno.EBUSY, "it has another name too")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if path.exists():
                os.fchown(handle, path.stat().st_uid, path.stat().st_gid)
                os.fchmod(handle, path.stat().st_mode & 0o7777)
            else:
                os.fchown(handle, *_user(path.parent))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _user(folder: Path) -> tuple[int, int]:
    above = next(each for each in (folder, *folder.parents) if each.exists()).stat()
    return user(os.geteuid(), (above.st_uid, above.st_gid), os.environ)


def user(euid: int, folder: tuple[int, int], env: Mapping[str, str]) -> tuple[int, int]:
    """Return whose a new file is, as chown takes it: made by root, the folder's owner's or the user's behind sudo."""
    if euid:
        return -1, -1
    return folder if folder[0] else (int(env.get("SUDO_UID") or -1), int(env.get("SUDO_GID") or -1))


def _missing(path: Path) -> list[Path]:
    """Return the path and the folders above it that do not exist, the innermost first."""
    return [each for each in (path, *path.parents) if not each.exists()]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import SoftFileLock, Timeout  # noqa: PLC0415 - not on the way to `lab --help`

    lock = SoftFileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS)
    with _failures_named(path):
        for folder in reversed(_missing(path.parent)):
            owner = _user(folder)
            folder.mkdir(exist_ok=True)
            os.chown(folder, *owner)
        try:
            lock.acquire()
        except Timeout:
            hint = f"if no kubectl or kind runs: rm {lock.lock_file}"
            raise TimedOut(f"the lock on {path}", LOCK_SECONDS, f"{lock.lock_file} is there", hint) from None
    try:
        yield
    finally:
        lock.release()


class _Dumper(yaml.SafeDumper):
    """Writes what AsWritten read as it stood: plain, or quoted."""


def _as_it_stood(dumper: Any, text: AsWritten) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str" if text.style else dumper.resolve(yaml.ScalarNode, text, (True, False))
    node: yaml.ScalarNode = dumper.represent_scalar(tag, str(text), text.style)
    return node


_Dumper.add_representer(AsWritten, _as_it_stood)
