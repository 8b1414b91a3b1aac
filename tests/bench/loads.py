"""Play the load of tests/load in a process of its own while something else happens; read its verdict."""

import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import harness

from lab import shell
from lab.config import ROOT
from lab.errors import LabError

ARRIVAL_SECONDS = 420
"""For entering, settling and leaving, beside the messages themselves."""
WRONG = ("lost", "doubled", "out_of_order", "strange")


@dataclass(frozen=True)
class Plan:
    """The options of tests/load."""

    visitors: int
    rate: float
    seconds: float
    going_on: float = 0.01
    dropping: float = 0.0
    seed: int = 1

    @property
    def words(self) -> list[str]:
        return [f"--{name.replace('_', '-')}={value}" for name, value in vars(self).items()]


@dataclass(frozen=True)
class Result:
    """The verdict, what the generator itself took, and which requests were repeated."""

    verdict: dict[str, Any]
    generator: dict[str, float]
    retried: dict[str, int]

    @property
    def wrong(self) -> int:
        """How many messages were not shown exactly once and in order."""
        return sum(int(self.verdict[name]) for name in WRONG)

    @property
    def note(self) -> str:
        names = (*WRONG, "missed", "failed", "broken", "retried")
        parts = [f"{name.replace('_', ' ')} {self.verdict[name]}" for name in names]
        own = f"generator: {self.generator['cores']:.2f} cores, {self.generator['late_p99']:.0f} ms late"
        return "\n".join([", ".join(parts), own, *self.verdict["examples"][:3]])

    def requests_retried(self) -> dict[str, int]:
        """Return which requests failed and were repeated; a stream that reconnected is none."""
        return {request: times for request, times in self.retried.items() if not request.startswith("the stream: ")}


class Progress:
    """Whether messages are being sent, read from the load's output."""

    def __init__(self) -> None:
        self.begun, self.over = threading.Event(), threading.Event()

    def read_line(self, text: str) -> None:
        if text == "playing":
            self.begun.set()
        elif text == "leaving" or text.endswith(" said"):
            self.over.set()
        if not text.startswith((" ", "{", "}")):
            harness.progress(f"  {text}")


def play(url: str, plan: Plan, meanwhile: Callable[[threading.Event], None] | None = None) -> Result:
    """Play to the end; `meanwhile` runs in a thread while messages are sent, and its event says when that is over.

    Raises LabError where it cannot be played, and whatever `meanwhile` raises.
    """
    progress = Progress()
    words = [sys.executable, str(ROOT / "tests" / "load"), url, *plan.words]

    def run_meanwhile() -> None:
        progress.begun.wait()
        if meanwhile and not progress.over.is_set():
            meanwhile(progress.over)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run_meanwhile)
        try:
            timeout = plan.seconds * 3 + ARRIVAL_SECONDS
            done = shell.run(words, timeout=timeout, check=False, on_line=progress.read_line)
        finally:
            progress.over.set()
            progress.begun.set()
        other.result()
    if not done.stdout.lstrip().startswith("{"):
        raise LabError(f"the load ended with {done.code}: {done.stderr.strip()[-300:] or 'it said nothing'}")
    data = json.loads(done.stdout)
    return Result(data["verdict"], data["generator"], data["retried"])
