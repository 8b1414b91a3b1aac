"""What the lab found out, as frozen data; :mod:`lab.report` shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One row of ``lab verify``: what was tried, from where, what answered, and why it does.

    ``ok`` tells whether the answer is the one that Kubernetes' rules predict.
    """

    tried: str
    vantage: str
    address: str
    expected: str
    answered: str
    ok: bool
    why: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Requirement:
    """One line of ``lab doctor``: something that this machine needs, whether it is there, and what to do if not."""

    name: str
    ok: bool
    seen: str
    fix: str = ""
