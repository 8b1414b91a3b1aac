"""What a call may raise.

RouletteError
├── UnknownVisitor   the service does not know this visitor, or no longer: enter again
├── NotInChat        the visitor is not, or no longer, in that chat
├── Refused          any other answer that a repetition would not change
└── GaveUp           no answer within the time limit
"""


class RouletteError(Exception):
    """`failures` are the reasons of earlier attempts: one of those may have been accepted and its answer lost."""

    failures: tuple[str, ...] = ()


class UnknownVisitor(RouletteError):
    """The visitor's presence has expired, or the service has lost its memory."""


class NotInChat(RouletteError):
    """The visitor is not in that chat."""


class Refused(RouletteError):
    """Has the HTTP `status` and the `detail` of the problem document."""

    def __init__(self, request: str, status: int, detail: str) -> None:
        super().__init__(f"{request}: {status} {detail}")
        self.status, self.detail = status, detail


class GaveUp(RouletteError):
    """Has the `seconds` that were spent."""

    def __init__(self, request: str, seconds: float, last_failure: str) -> None:
        super().__init__(f"{request}: given up after {seconds:.1f} s; last seen: {last_failure}")
        self.seconds = seconds
