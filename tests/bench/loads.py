"""Play the load of tests/load in a process of its own, with something happening beside it; read what was judged."""

from __future__ import annotations

import json
import resource
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import harness
from figures import Bound, Figure, Series

from lab import shell
from lab.config import ROOT
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ARRIVING = 420
"""Seconds that coming, settling and leaving may take, beside the talk itself."""
WRONG = ("lost", "doubled", "out_of_order", "strange")


@dataclass(frozen=True)
class Plan:
    """How many visitors, how many messages a second in all, for how many seconds; what a visitor does beside that."""

    visitors: int
    rate: float
    seconds: float
    going_on: float = 0.01
    dropping: float = 0.0
    seed: int = 1

    @property
    def words(self) -> list[str]:
        """The load's options."""
        return [f"--{name.replace('_', '-')}={value}" for name, value in vars(self).items()]


@dataclass(frozen=True)
class Played:
    """What was judged, what the generator itself took, and what had to be tried again."""

    verdict: dict[str, Any]
    generator: dict[str, float]
    retried: dict[str, int]

    @property
    def wrong(self) -> int:
        """How many messages were lost, doubled, out of order or otherwise not as they should be."""
        return sum(int(self.verdict[name]) for name in WRONG)

    @property
    def note(self) -> str:
        """Say in a line what else there is to know."""
        names = (*WRONG, "missed", "failed", "broken", "retried")
        parts = [f"{name.replace('_', ' ')} {self.verdict[name]}" for name in names]
        own = f"generator: {self.generator['cores']:.2f} cores, {self.generator['late_p99']:.0f} ms late"
        return "\n".join([", ".join(parts), own, *self.verdict["examples"][:3]])

    def requests_retried(self) -> dict[str, int]:
        """Return which requests failed and were repeated; a stream that broke and came back is none."""
        return {what: times for what, times in self.retried.items() if not what.startswith("the stream: ")}


class Playing:
    """What happens beside a load is told when it begins and when it is over."""

    def __init__(self) -> None:
        """Wait for the talk to begin."""
        self.begun, self.over = threading.Event(), threading.Event()

    def line(self, text: str) -> None:
        """Take a line of the load's."""
        if text == "playing":
            self.begun.set()
        elif text == "leaving" or text.endswith(" said"):
            self.over.set()
        if not text.startswith((" ", "{", "}")):
            harness.say(f"  {text}")


def play(url: str, plan: Plan, beside: Callable[[threading.Event], None] | None = None) -> Played:
    """Play to the end; `beside` is called in a thread while there is talk, and told when it is over.

    Raises LabError where it cannot be played, and whatever `beside` raises.
    """
    playing = Playing()
    words = [sys.executable, str(ROOT / "tests" / "load"), url, *plan.words]
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(_when_begun, playing, beside) if beside else None
        try:
            done = shell.run(words, timeout=plan.seconds * 3 + ARRIVING, check=False, on_line=playing.line)
        finally:
            playing.over.set()
            playing.begun.set()
        if other:
            other.result()
    if not done.stdout.lstrip().startswith("{"):
        raise LabError(f"the load ended with {done.code}: {done.stderr.strip()[-300:] or 'it said nothing'}")
    data = json.loads(done.stdout)
    return Played(data["verdict"], data["generator"], data["retried"])


def _when_begun(playing: Playing, beside: Callable[[threading.Event], None]) -> None:
    playing.begun.wait()
    if not playing.over.is_set():
        beside(playing.over)


def many_files() -> None:
    """Let what is started from here open as many files as it may: each visitor is one, on both sides."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def accepted(name: str, verdict: Mapping[str, Any], least: float, note: str = "") -> Figure:
    """Return the figure of the messages that a visitor said to another and that were accepted: what was judged."""
    ours = Series("ours", (float(verdict["accepted"]),))
    return Figure(name, "messages", ours, asked=Bound("least", least), note=note)


def count(name: str, value: float, asked: int, note: str = "") -> Figure:
    """Return the figure of a number of things."""
    return Figure(name, "", Series("ours", (float(value),)), asked=Bound("most", asked), note=note)
