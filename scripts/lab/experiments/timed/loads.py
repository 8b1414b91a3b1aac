"""Containers that take CPU and memory to order, and what they say of themselves and of their cgroup meanwhile."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import waiting
from lab.experiments import pods
from lab.experiments.results import Exhibit
from lab.experiments.timed import cgroups, effort
from lab.experiments.timed.recorder import LONGEST
from lab.kubernetes.client import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.experiments.texts import Text
    from lab.experiments.timed.cgroups import Cgroup
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

SOURCE = Path(effort.__file__).read_text()


@dataclass(frozen=True)
class Order:
    """What a container is to do: say its cgroup ``every`` so many seconds, and end after ``seconds``.

    It is there for as long as an experiment may look: one that ended would be started again, and its log begin anew.

    ``take`` mebibytes one after the other with a ``pause`` between, or have a ``child`` process take them; write a
    ``file`` of mebibytes to ``path``; ``burn`` seconds of CPU time; use so many ``cores``. With ``once``, a file that
    outlives the container, its second start does none of it.
    """

    seconds: float = LONGEST
    every: float = 0.25
    take: int = 0
    pause: float = 0.0
    child: int = 0
    file: int = 0
    path: str = ""
    burn: float = 0.0
    cores: float = 0.0
    once: str = ""


@dataclass(frozen=True)
class Line:
    """One thing that a container said: when (seconds since 1970), what, and what went with it."""

    at: float
    says: str
    body: Object


def container(image: str, name: str, order: Order, resources: Object, **more: Any) -> Object:
    """Return a container that does as ordered; ``more`` are its own fields."""
    command = ("python3", "-I", "-c", SOURCE, json.dumps(asdict(order)))
    return pods.guest(image, name, command=command, resources=resources, **more)


def log(api: Api, namespace: str, pod: str, of: str, *, before: bool = False) -> tuple[Line, ...]:
    """Read what a container said, or the one ``before`` its restart; nothing where there is no log (yet)."""
    query: dict[str, str | int] = {"container": of, **({"previous": "true"} if before else {})}
    try:
        return understood(api.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", **query))
    except ApiError:
        return ()


def understood(text: str) -> tuple[Line, ...]:
    """Take a log apart; a last line that was cut short is left out."""
    whole = text.splitlines()[: None if text.endswith("\n") else -1]
    told = [json.loads(line) for line in whole if line.startswith("{")]
    return tuple(Line(one["at"], one["says"], one) for one in told)


def said(lines: Sequence[Line], what: str) -> Line | None:
    """Return the last thing of that kind that was said."""
    return next((one for one in reversed(lines) if one.says == what), None)


def samples(lines: Sequence[Line]) -> list[tuple[float, Cgroup]]:
    """Return what the cgroup held, and when."""
    return [(one.at, cgroups.read(one.body["files"])) for one in lines if one.says == "cgroup"]


def raw(lines: Sequence[Line], name: str) -> str:
    """Return a file of the cgroup as it was said last, by its name below /sys/fs/cgroup; empty where there is none."""
    last = said(lines, "cgroup")
    return str(last.body["files"].get(name, "")) if last else ""


def file_exhibit(pod: str, of: str, name: str, text: str, shows: Text) -> Exhibit:
    """Return a file of a container's cgroup as an exhibit."""
    path = f"{effort.ROOT}/{name}"
    return Exhibit("cgroup", f"{path}, {pod}/{of}", text, shows, f"kubectl exec {pod} -c {of} -- cat {path}")


def until_said(  # noqa: PLR0913 - a wait is named by all of these
    api: Api,
    namespace: str,
    who: tuple[str, str],
    what: str,
    timeout: float,
    *,
    recorder: Recorder,
    otherwise: Callable[[], bool] = lambda: False,
) -> tuple[Line, ...]:
    """Wait until a container of a Pod has said something, or else something is so; return its log.

    Raises TimedOut with what was said last, and LabError where somebody deleted a Pod.
    """
    lines: tuple[Line, ...] = ()

    def look() -> tuple[bool, str]:
        nonlocal lines
        lines = log(api, namespace, *who)
        so = said(lines, what) is not None or otherwise()
        if not so:
            recorder.raise_if_deleted()
        return so, lines[-1].says if lines else "no word"

    waiting.until(f"{'/'.join(who)} to say {what!r}", look, timeout=timeout, interval=0.3)
    return lines


def since(recorder: Recorder) -> float:
    """Return when the recorder began, in seconds since 1970: what turns a container's time into a timeline's."""
    return time.time() - recorder.now()
