"""What goes wrong, as one tree; only :mod:`lab.cli` prints it and exits.

LabError
├── BadInput        the person asked for something that cannot be (exit 2)
├── Refused         the lab will not touch what is not its own (exit 2)
├── CommandFailed   a program that the lab started failed
└── TimedOut        a wait, or a program, reached its deadline
"""

import shlex
from collections.abc import Sequence


class LabError(Exception):
    """Something that a person can act on: ``what`` happened, and a ``hint`` of what to do."""

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class BadInput(LabError):
    """A wrong option, setting or file; the text names it, its value, and what would be right."""

    exit_code = 2


class Refused(LabError):
    """The lab acts on its own kind clusters only."""

    exit_code = 2


class CommandFailed(LabError):
    """A program ended with another exit code than 0; carries its ``argv``, ``code`` and last ``output``."""

    def __init__(self, argv: Sequence[str], code: int, output: str, hint: str = "") -> None:
        self.argv, self.code, self.output = list(argv), code, output
        last = " | ".join(line.strip() for line in output.strip().splitlines()[-3:])
        super().__init__(f"`{shlex.join(self.argv)[:200]}` ended with {code}: {last or 'it said nothing'}", hint)


class TimedOut(LabError):
    """A wait ended without what it waited for; ``last`` is the last state."""

    def __init__(self, waiting_for: str, seconds: float, last: str, hint: str = "") -> None:
        self.waiting_for, self.seconds, self.last = waiting_for, seconds, last
        super().__init__(f"waited {seconds:.0f} s for {waiting_for}; last seen: {last or 'nothing'}", hint)
