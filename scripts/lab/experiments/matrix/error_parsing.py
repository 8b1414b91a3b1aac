"""How a call ended, by the error messages of kubectl, the API server and kubelet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.experiments.results import Outcome

_PHRASES: tuple[tuple[str, Outcome], ...] = (
    ("no such host", "no-name"),
    ("name or service not known", "no-name"),
    ("connection refused", "refused"),
    ("connection reset", "reset"),
    ("i/o timeout", "timeout"),
    ("timed out", "timeout"),
    ("deadline exceeded", "timeout"),
    ("statuscode:", "answers"),  # kubelet's, of an HTTP probe: an app answered, though not with success
    ("no route to host", "elsewhere"),
    ("network is unreachable", "elsewhere"),
)


def outcome(message: str) -> Outcome:
    """Return the outcome that an error message speaks of; `unmeasured` for an unknown one."""
    low = message.lower()
    return next((outcome for phrase, outcome in _PHRASES if phrase in low), "unmeasured")


def brief(message: str, most: int = 300) -> str:
    """Return a message on one line: its end, where a program's last word stands."""
    line = " ".join(message.split())
    return line if len(line) <= most else f"…{line[-most:]}"
