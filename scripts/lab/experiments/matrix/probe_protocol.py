"""How the probe program is asked, and what it prints."""

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from lab.errors import LabError
from lab.experiments.model.cluster import Address
from lab.experiments.results import Measurement, Outcome

_Printed = TypeVar("_Printed")
SECONDS = 4.0
"""What the probe takes at most, unless more is asked for."""


class Socket(msgspec.Struct, frozen=True):
    """A listening socket: its address as people write it, and its line of ``/proc/net/tcp`` or ``tcp6``."""

    address: str
    line: str


class Surroundings(msgspec.Struct, frozen=True):
    """What is around a vantage point, unchanged; ``netns`` is like ``net:[4026532345]``, empty outside Linux."""

    netns: str = ""
    hosts: str = ""
    resolv: str = ""
    hostname: str = ""
    sockets: tuple[Socket, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """All that one run of the probe printed; ``cells`` by the id of their address."""

    cells: dict[str, Measurement]
    surroundings: Surroundings = Surroundings()


class HttpReply(msgspec.Struct, frozen=True):
    """One HTTP answer: ``status`` is 0 where there is none, and ``detail`` then says why."""

    outcome: Outcome
    status: int = 0
    body: str = ""
    detail: str = ""
    seconds: float = 0.0


class _HttpReplies(msgspec.Struct, frozen=True):
    cells: dict[str, HttpReply]


class NoReply(LabError):
    """Nothing of what was printed is the probe's reply."""


@functools.cache
def source() -> str:
    return Path(__file__).with_name("probe.py").read_text(encoding="utf-8")


def command(
    addresses: Iterable[Address], python: str = "python3", seconds: float = SECONDS, again: int = 0
) -> list[str]:
    """Return the command that measures these addresses: an exec's, an init container's, a process's.

    An app that took a call has ``seconds`` to answer; what is late or elsewhere is tried ``again`` so many times.
    """
    cells = [{"id": cell.id, "host": cell.host, "port": cell.port, "how": cell.how} for cell in addresses]
    return _command(python, seconds=seconds, again=again, cells=cells)


def http_command(urls: Iterable[str], python: str = "python3", seconds: float = SECONDS) -> list[str]:
    """Return the command that asks each URL once; ``$NAME`` in one is a variable of where it runs."""
    return _command(python, seconds=seconds, cells=[{"id": url, "how": "get", "url": url} for url in urls])


def poll_command(urls: Mapping[str, str], seconds: float, python: str = "python3") -> list[str]:
    """Return the command that asks each URL for so many seconds and prints each change as a line of JSON."""
    return _command(python, seconds=seconds, poll=dict(urls))


def _command(python: str, **request: Any) -> list[str]:
    return [python, "-I", "-c", source(), json.dumps(request)]


def read(output: str) -> Reply:
    """Find the reply in what was printed, a log with other lines too; raises NoReply where there is none."""
    return _decode(output, Reply)


def read_http(output: str) -> dict[str, HttpReply]:
    """Find the replies to ``http_command``, by URL; raises NoReply where there are none."""
    return _decode(output, _HttpReplies).cells


def _decode(output: str, of: type[_Printed]) -> _Printed:
    line = next((line for line in reversed(output.splitlines()) if line.startswith("{")), "")
    try:
        return msgspec.json.decode(line, type=of)
    except msgspec.DecodeError:
        quoted = " ".join(output.split())[-300:] or "it printed nothing"
        raise NoReply(f"the probe did not answer: {quoted}") from None


def pod_of(body: str) -> str:
    """Return the Pod that the backend's ``/whoami`` names; empty for what is no such answer."""
    try:
        return str(json.loads(body)["pod"])
    except (ValueError, LookupError, TypeError):
        return ""
