"""Faults that requests meet: failing probes, late answers, errors."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import gevent
from flask import request

from service_runtime.responses import problem

if TYPE_CHECKING:
    from flask import Flask, Response

    from backend.faults.catalogue import Name
    from backend.faults.manager import FaultManager
    from backend.probe_log import ProbeLog
    from service_runtime.health import Check, Health
    from service_runtime.probes import ProbeKind

FAILS: dict[ProbeKind, tuple[Name, ...]] = {
    "livez": ("liveness",),
    "readyz": ("readiness", "startup"),
    "startupz": ("startup",),
}
"""Which faults make which probe fail."""

AFFECTED_PATHS = ("/api/", "/cats/", "/version")
EXEMPT_PATH = "/api/house"
"""The panel goes on telling what is wrong."""


def install(app: Flask, faults: FaultManager, health: Health, probe_log: ProbeLog) -> None:
    for kind in FAILS:
        health.add(kind, "fault", _check(kind, faults))
    probe_log.on_probe = partial(_count_probe, faults)
    app.before_request(partial(_affect, faults))


def _check(kind: ProbeKind, faults: FaultManager) -> Check:
    return lambda: next((f"fault: {name} is told to fail" for name in FAILS[kind] if faults.on(name)), None)


def _count_probe(faults: FaultManager, kind: ProbeKind) -> None:
    for name in FAILS[kind]:
        faults.count_probe(name)


def _affect(faults: FaultManager) -> Response | None:
    if not faults or not request.path.startswith(AFFECTED_PATHS) or request.path == EXEMPT_PATH:
        return None
    if late := faults.on("latency"):
        gevent.sleep(late.values.milliseconds / 1000)
    broken = faults.on("errors")
    if broken and random.random() * 100 < broken.values.percent:  # noqa: S311 - no secret
        return problem(500, f"fault: {broken.values.percent} % of the answers are told to fail")
    return None
