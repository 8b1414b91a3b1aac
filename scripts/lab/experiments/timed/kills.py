"""How a kill at the memory limit shows in a container's status. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lab.experiments.timed.cgroups import Version

SOURCE = (
    "https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/#exceed-a-container-s-memory-limit"
)
CODE = "137"
"""128 and the number of the signal, 9."""


def reasons(version: Version) -> tuple[str, ...]:
    """Return the reasons that the runtime may give.

    On cgroup v1 it hears of the kill by a notice, which the end of the process can overtake (seen on a busy machine):
    then it says Error, and the code alone tells. On v2 it reads the count of kills in the cgroup.
    """
    return ("OOMKilled",) if version == "v2" else ("OOMKilled", "Error")


def said(end: Mapping[str, Any]) -> str:
    """Say how a container ended: its code and the reason; nothing where it has not."""
    return f"{end['exitCode']}, {end.get('reason', '')}" if end else ""


def expected(version: Version) -> tuple[str, ...]:
    """Return what ``said`` may be after a kill at the limit."""
    return tuple(f"{CODE}, {reason}" for reason in reasons(version))
