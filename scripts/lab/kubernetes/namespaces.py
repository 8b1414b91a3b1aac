"""Namespaces of an experiment's own: made for it, gone after it, however it ends.

After a kill that nobody can catch, the next experiment takes away what the dead one left.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import shell, waiting
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.kubernetes.client import Api

LABEL = "chatroulette.lab/experiment"
OWNER = "chatroulette.lab/owner"
GONE = 60.0
_NAMESPACES = "/api/v1/namespaces"
_PROC = Path("/proc")
_NOW: dict[str, str | int] = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


@contextlib.contextmanager
def spaces(api: Api, experiment: str, *more: str) -> Iterator[list[str]]:
    """Make a namespace ``<experiment>-<random>``, and one ``…-<more>`` for each further word; yield their names.

    Pods can be made in them at once. At the end of the block, also after Ctrl-C, their deletion is asked for and not
    waited for: `gone` does. Raises LabError.
    """
    sweep(api)
    base = f"{experiment}-{secrets.token_hex(2)}"
    names = [base, *(f"{base}-{word}" for word in more)]
    try:
        for name in names:
            _create(api, name, experiment)
        for name in names:
            _usable(api, name)
        yield names
    finally:
        with contextlib.ExitStack() as removals:  # each is tried, whatever becomes of the others
            for name in names:
                removals.callback(remove, api, name)


def remove(api: Api, name: str) -> None:
    """Ask for the end of a namespace and, first, of its Pods at once: nothing in there needs a farewell."""
    with contextlib.suppress(LabError):  # it may be gone, or on its way; a busy API server may not answer in time
        api.call("DELETE", f"{_NAMESPACES}/{name}/pods", query=_NOW)
    api.delete(f"{_NAMESPACES}/{name}")


def gone(api: Api, names: list[str], timeout: float = GONE) -> None:
    """Wait until these namespaces are gone; raises TimedOut with what is left."""

    def look() -> tuple[bool, str]:
        left = [name for name in names if api.get(f"{_NAMESPACES}/{name}")]
        return not left, f"still ending: {', '.join(left)}"

    waiting.until("the experiment's namespaces to be gone", look, timeout=timeout)


def sweep(api: Api) -> list[str]:
    """Take away the namespaces of experiments whose process has died, and return their names."""
    found = api.items(_NAMESPACES, labelSelector=LABEL)
    dead = [one["metadata"]["name"] for one in found if not _lives(one["metadata"].get("annotations", {}).get(OWNER))]
    for name in dead:
        remove(api, name)
    return dead


def owner() -> str:
    """Name this process, on this machine, since this boot: its id, and when it began."""
    return f"{os.getpid()}@{_began(os.getpid())}@{_boot()}"


def _lives(said: str | None) -> bool:
    """Tell whether the process that made it still runs; what does not say its owner is left alone."""
    pid, _, rest = (said or "").partition("@")
    began, _, boot = rest.partition("@")
    return not (pid.isdigit() and began) or (boot == _boot() and began == _began(int(pid)))


def mine(api: Api) -> list[str]:
    """Name the namespaces that this very process made."""
    found = api.items(_NAMESPACES, labelSelector=LABEL)
    return [one["metadata"]["name"] for one in found if one["metadata"].get("annotations", {}).get(OWNER) == owner()]


def _began(pid: int) -> str:
    """Say when a process began, so that another one of its id is told apart; empty where there is none.

    Linux has it in ticks since the boot (proc_pid_stat(5), field 22); macOS, which has no /proc, by ps(1).
    """
    if not (_PROC / "self").exists():
        asked = ("ps", "-o", "lstart=", "-p", str(pid))
        return shell.run(asked, timeout=5, check=False, env={"LC_ALL": "C", "TZ": "UTC"}).stdout.strip()
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _boot() -> str:
    try:
        return (_PROC / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
    except OSError:
        return ""


def _create(api: Api, name: str, experiment: str) -> None:
    meta: dict[str, Any] = {"name": name, "labels": {LABEL: experiment}, "annotations": {OWNER: owner()}}
    api.call("POST", _NAMESPACES, {"metadata": meta})


def _usable(api: Api, name: str) -> None:
    """Wait for the namespace's service account: no Pod is accepted before."""
    path = f"{_NAMESPACES}/{name}/serviceaccounts/default"
    waiting.until(f"namespace {name}", lambda: (api.get(path) is not None, "no service account yet"), timeout=15)
