"""What can go wrong, as one tree.

RouletteError
├── UnknownVisitor   the service does not know this visitor, or no more: enter again
├── NotInChat        the visitor is not, or no longer, in that chat
├── Refused          any other answer that will not get better by asking again
└── GaveUp           nothing better came within the time there was
"""

from __future__ import annotations


class RouletteError(Exception):
    """The parent of all; its text is for a reader.

    `troubles` says why a call was tried before, if it was: what was tried may have been done, and its answer lost.
    """

    troubles: tuple[str, ...] = ()


class UnknownVisitor(RouletteError):
    """The service does not know this visitor: the presence expired, or its memory is gone."""


class NotInChat(RouletteError):
    """The visitor is not in that chat."""


class Refused(RouletteError):
    """The service said no: its HTTP `status`, and what its problem document says."""

    def __init__(self, what: str, status: int, detail: str) -> None:
        """Keep the status and the detail."""
        super().__init__(f"{what}: {status} {detail}")
        self.status, self.detail = status, detail


class GaveUp(RouletteError):
    """It was tried again and again; `last` is what was seen last."""

    def __init__(self, what: str, seconds: float, last: str) -> None:
        """Keep how many seconds were spent, and what was seen last."""
        super().__init__(f"{what}: given up after {seconds:.1f} s; last seen: {last}")
        self.seconds, self.last = seconds, last
