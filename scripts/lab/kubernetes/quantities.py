"""Kubernetes' quantities: `250m` of CPU, `64Mi` of memory, and what becomes of them. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

import math
from decimal import Decimal


def exact(text: str) -> Decimal:
    """Return the number that a quantity is; raises ValueError for what is none."""
    from kubernetes.utils.quantity import parse_quantity  # noqa: PLC0415 - not on the way to `lab --help`

    number: Decimal = parse_quantity(text)
    return number


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
