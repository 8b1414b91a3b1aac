"""Kubernetes' quantities, exactly: `250m` of CPU, `64Mi` of memory, and what becomes of them. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from lab.errors import BadInput

_BINARY = {f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {letter: Fraction(1000**power) for power, letter in enumerate("kMGTPE", start=1)}
_SMALL = {letter: Fraction(1, 1000**power) for power, letter in enumerate("mun", start=1)}
SUFFIXES = {"": Fraction(1), **_SMALL, **_DECIMAL, **_BINARY}
"""What each suffix multiplies by: `m` is a thousandth, `M` a million, `Mi` 2^20; `K` and `mi` do not exist."""

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([a-zA-Z]*))")


def exact(text: str) -> Fraction:
    """Return what a quantity is; raises BadInput for what is none."""
    found = _QUANTITY.fullmatch(text)
    number, power, suffix = found.groups() if found else ("", None, None)
    if not found or (suffix or "") not in SUFFIXES:
        raise BadInput(f"{text!r} is no quantity", "CPU is like 250m or 0.25, memory like 64Mi or 64M")
    return Fraction(number) * (Fraction(10) ** int(power) if power else SUFFIXES[suffix or ""])


def millicores(text: str) -> int:
    """Return an amount of CPU in thousandths of a core, rounded up as Kubernetes does (`Quantity.MilliValue`)."""
    return math.ceil(exact(text) * 1000)


def size(text: str) -> int:
    """Return an amount of memory or disk in bytes, rounded up as Kubernetes does (`Quantity.Value`)."""
    return math.ceil(exact(text))


def stored_cpu(text: str) -> str:
    """Return an amount of CPU as the API server writes it back: whole cores, or thousandths of one."""
    milli = millicores(text)
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def mebibytes(amount: float) -> str:
    """Write bytes for people: `35.7 MiB`; whole ones without a fraction."""
    whole = amount / 2**20
    return f"{whole:.0f} MiB" if whole == int(whole) else f"{whole:.1f} MiB"
