"""Temporary namespaces of an experiment: made for it, deleted after it, however it ends.

After a kill, the next experiment deletes what the dead process left.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lab import shell, waiting
from lab.errors import LabError
from lab.kubernetes.client import Api

if TYPE_CHECKING:
    from lab.kubernetes.objects import Object

LABEL = "chatroulette.lab/experiment"
OWNER = "chatroulette.lab/owner"
_NAMESPACES = "/api/v1/namespaces"
PROC = Path("/proc")
_AT_ONCE: dict[str, str | int] = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


@contextlib.contextmanager
def temporary_namespaces(api: Api, experiment: str, *suffixes: str) -> Iterator[list[str]]:
    """Make a namespace ``<experiment>-<random>``, and one ``…-<suffix>`` for each suffix; yield their names.

    Pods can be made in them at once. At the end of the block, also after Ctrl-C, their deletion is requested and not
    waited for. Raises LabError.
    """
    delete_orphans(api)
    base = f"{experiment}-{secrets.token_hex(2)}"
    names = [base, *(f"{base}-{suffix}" for suffix in suffixes)]
    try:
        for name in names:
            meta = {"name": name, "labels": {LABEL: experiment}, "annotations": {OWNER: process_id(os.getpid())}}
            api.call("POST", _NAMESPACES, {"metadata": meta})
        for name in names:
            _wait_until_usable(api, name)
        yield names
    finally:
        with contextlib.ExitStack() as deletions:  # each is tried, whatever becomes of the others
            for name in names:
                deletions.callback(delete, api, name)


def delete(api: Api, name: str) -> None:
    """Request the deletion of a namespace and, first, of its Pods without any grace."""
    with contextlib.suppress(LabError):  # it may be gone already; a busy API server may not answer in time
        api.call("DELETE", f"{_NAMESPACES}/{name}/pods", query=_AT_ONCE)
    api.delete(f"{_NAMESPACES}/{name}")


def delete_orphans(api: Api) -> list[str]:
    """Delete the namespaces of experiments whose process has died, and return their names."""
    orphans = [name for name, owner in _owners(api).items() if not is_alive(owner)]
    for name in orphans:
        delete(api, name)
    return orphans


def of_this_process(api: Api) -> list[str]:
    own = process_id(os.getpid())
    return [name for name, owner in _owners(api).items() if owner == own]


def process_id(pid: int) -> str:
    """Identify a process on this machine: its pid, when it was started, and the boot."""
    return f"{pid}@{_start_time(pid)}@{_boot_id()}"


def is_alive(owner: str) -> bool:
    """Tell whether the process of that ``process_id`` still runs; one that is not known counts as running."""
    pid, _, rest = owner.partition("@")
    start, _, boot = rest.partition("@")
    return not (pid.isdigit() and start) or (boot == _boot_id() and start == _start_time(int(pid)))


def _owners(api: Api) -> dict[str, str]:
    metas: list[Object] = [item["metadata"] for item in api.items(_NAMESPACES, labelSelector=LABEL)]
    return {meta["name"]: meta.get("annotations", {}).get(OWNER, "") for meta in metas}


def _start_time(pid: int) -> str:
    """Return when a process was started, which tells it from an earlier one of its pid; empty where there is none.

    Linux has it in ticks since the boot (proc_pid_stat(5), field 22); macOS, which has no /proc, by ps(1).
    """
    if not (PROC / "self").exists():
        command = ("ps", "-o", "lstart=", "-p", str(pid))
        return shell.run(command, timeout=5, check=False, env={"LC_ALL": "C", "TZ": "UTC"}).stdout.strip()
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _boot_id() -> str:
    try:
        return (PROC / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
    except OSError:
        return ""


def _wait_until_usable(api: Api, name: str) -> None:
    """Wait for the namespace's service account: no Pod is accepted before."""
    path = f"{_NAMESPACES}/{name}/serviceaccounts/default"
    waiting.until(f"namespace {name}", lambda: (api.get(path) is not None, "no service account yet"), timeout=15)
