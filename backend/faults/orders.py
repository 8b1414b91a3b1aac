"""Faults ordered by another replica, as messages."""

import logging
from typing import Literal

import gevent
import msgspec

from backend.faults.bounds import values
from backend.faults.catalogue import Name, Values
from backend.faults.manager import FaultManager
from service_runtime.responses import BadInput

log = logging.getLogger("backend")


class Order(msgspec.Struct, frozen=True):
    """What one replica has another do; without a name `stop` means all faults."""

    do: Literal["start", "stop"]
    name: Name | None = None
    values: msgspec.Raw = msgspec.Raw(b"{}")


def take_order(faults: FaultManager, command: bytes) -> None:
    """Carry an order out, in a greenlet of its own; one that cannot be used is logged."""
    try:
        order = msgspec.json.decode(command, type=Order)
        chosen = values(order.name, bytes(order.values), faults.caps()) if order.do == "start" and order.name else None
    except (msgspec.DecodeError, BadInput) as error:
        log.warning("an order cannot be used: %s", error)
        return
    if order.name and chosen:
        gevent.spawn(_start, faults, order.name, chosen)
    elif order.do == "stop":
        gevent.spawn(faults.stop, order.name)


def _start(faults: FaultManager, name: Name, chosen: Values) -> None:
    try:
        faults.start(name, chosen)
    except (BadInput, OSError) as error:
        log.warning("fault: %s was ordered and cannot begin: %s", name, error, extra={"fields": {"fault": name}})
