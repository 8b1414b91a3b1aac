"""How the probe is asked, and what it answers: its measurements, and what it sees around it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from lab.errors import LabError
from lab.experiments.results import Measurement  # noqa: TC001 - msgspec reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.experiments.model.cluster import Address

SECONDS = 4.0
"""What the probe takes at most, unless more is asked for."""


class Socket(msgspec.Struct, frozen=True):
    """A listening socket: its address as people write it, and its line of ``/proc/net/tcp`` or ``tcp6``."""

    address: str
    line: str


class Sighting(msgspec.Struct, frozen=True):
    """What is around a vantage point, unchanged; ``netns`` is like ``net:[4026532345]``, empty outside Linux."""

    netns: str = ""
    hosts: str = ""
    resolv: str = ""
    hostname: str = ""
    cgroup: str = ""
    sockets: tuple[Socket, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """All that one run of the probe printed; ``cells`` by the id of their address."""

    cells: dict[str, Measurement]
    sees: Sighting = Sighting()


@functools.cache
def source() -> str:
    """Return the probe's program."""
    return Path(__file__).with_name("probe.py").read_text(encoding="utf-8")


def question(
    addresses: Iterable[Address], python: str = "python3", seconds: float = SECONDS, again: int = 0
) -> list[str]:
    """Return the command that asks the probe for these addresses: an exec's, an init container's, a process's.

    An app that took a call has ``seconds`` to answer; what is late or goes elsewhere is tried ``again`` so many times.
    """
    cells = [{"id": one.id, "host": one.host, "port": one.port, "how": one.how} for one in addresses]
    return [python, "-I", "-c", source(), json.dumps({"seconds": seconds, "again": again, "cells": cells})]


class Unheard(LabError):
    """Nothing of what was printed is the probe's answer."""


def read(said: str) -> Answer:
    """Find the probe's answer in what was printed, a log with other lines too; raises Unheard where there is none."""
    line = next((one for one in reversed(said.splitlines()) if one.startswith("{")), "")
    try:
        return msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError:
        raise Unheard(f"the probe did not answer: {' '.join(said.split())[-300:] or 'it printed nothing'}") from None


def who(said: str) -> str:
    """Return the Pod that the backend's ``/whoami`` names; empty for what is no such answer."""
    try:
        return str(json.loads(said)["pod"])
    except (ValueError, LookupError, TypeError):
        return ""
