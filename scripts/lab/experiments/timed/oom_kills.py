"""How a kill at the memory limit shows in a container's status. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.timed.expectations import OneOf

if TYPE_CHECKING:
    from lab.experiments.timed.cgroups import Version
    from lab.kubernetes.objects import Object

EXIT_CODE = "137"
"""128 and the number of the signal, 9."""


def reasons(version: Version) -> OneOf:
    """Return the reasons that the runtime may give.

    On cgroup v1 it hears of the kill by a notice, which the end of the process can overtake (seen on a busy machine):
    then it says Error, and the code alone tells. On v2 it reads the count of kills in the cgroup.
    """
    return OneOf(("OOMKilled",) if version == "v2" else ("OOMKilled", "Error"))


def describe(terminated: Object) -> str:
    """Name how a container ended by its code and the reason; empty where it has not."""
    return f"{terminated['exitCode']}, {terminated.get('reason', '')}" if terminated else ""


def descriptions(version: Version) -> OneOf:
    """Return what ``describe`` may be after a kill at the limit."""
    return OneOf(tuple(f"{EXIT_CODE}, {reason}" for reason in reasons(version).values))
