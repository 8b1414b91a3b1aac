"""How a dial ended, by what others say of it: kubectl, the API server, kubelet, in their own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.experiments.results import Outcome

_SAID: tuple[tuple[str, Outcome], ...] = (
    ("no such host", "no-name"),
    ("name or service not known", "no-name"),
    ("connection refused", "refused"),
    ("connection reset", "reset"),
    ("i/o timeout", "timeout"),
    ("timed out", "timeout"),
    ("deadline exceeded", "timeout"),
    ("statuscode:", "answers"),  # kubelet's, of an HTTP probe: an app answered, though not as was wished
    ("no route to host", "elsewhere"),
    ("network is unreachable", "elsewhere"),
)


def outcome(said: str) -> Outcome:
    """Return the outcome that a complaint speaks of; `unmeasured` for words that are not known."""
    low = said.lower()
    return next((outcome for words, outcome in _SAID if words in low), "unmeasured")


def brief(said: str, most: int = 300) -> str:
    """Return a complaint on one line: its end, where a program's last word stands."""
    line = " ".join(said.split())
    return line if len(line) <= most else f"…{line[-most:]}"
