"""Liveness, readiness and start-up, each with its checks and their reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint, Response, request

from backend.context import context
from backend.lifecycle import Phase
from backend.probe_log import KUBELET, Kind
from backend.responses import reply

if TYPE_CHECKING:
    from backend.lifecycle import Lifecycle

Check = Callable[[], str | None]
"""Returns why it fails, or None when all is well."""

routes = Blueprint("health", __name__)


class Outcome(msgspec.Struct, frozen=True):
    """One check: `reason` is null when it is ok; one that is not `critical` may fail without further effect."""

    name: str
    ok: bool
    reason: str | None = None
    critical: bool = True


class Report(msgspec.Struct, frozen=True):
    """All checks of one endpoint; it is ok when each critical one is."""

    name: Kind
    ok: bool
    checks: list[Outcome]

    @property
    def reason(self) -> str | None:
        """Why it is not ok: what the first critical check that failed says."""
        return next((c.reason for c in self.checks if c.critical and not c.ok), None)


class Health:
    """The checks of this process, by endpoint."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        """Begin with the checks that follow the life of the process."""
        started, shutdown = _started(lifecycle), _not_shutting_down(lifecycle)
        ping = _ping
        self.checks: dict[Kind, dict[str, Check]] = {
            "livez": {"ping": ping},
            "readyz": {"ping": ping, "started": started, "shutdown": shutdown},
            "startupz": {"started": started},
        }
        self.tolerated: set[str] = set()

    def add(self, kind: Kind, name: str, check: Check, *, critical: bool = True) -> None:
        """Have one more check; one that is not critical is listed only.

        A dependency that all Pods share is not critical: its failure would take every Pod out of the Service.
        """
        self.checks[kind][name] = check
        if not critical:
            self.tolerated.add(name)

    def report(self, kind: Kind) -> Report:
        """Run the checks of one endpoint."""
        reasons = {name: check() for name, check in self.checks[kind].items()}
        outcomes = [Outcome(name, why is None, why, name not in self.tolerated) for name, why in reasons.items()]
        return Report(kind, all(outcome.ok or not outcome.critical for outcome in outcomes), outcomes)


def _ping() -> None:
    """Answering is the proof."""


def _started(lifecycle: Lifecycle) -> Check:
    return lambda: "still starting" if lifecycle.phase is Phase.STARTING else None


def _not_shutting_down(lifecycle: Lifecycle) -> Check:
    return lambda: "shutting down" if lifecycle.phase is Phase.DRAINING else None


def as_text(report: Report) -> str:
    """Return the report as the Kubernetes API server prints its own with `?verbose`.

    Unlike the API server, which withholds it, a failed check's reason is told:
    https://kubernetes.io/docs/reference/using-api/health-checks/
    """
    lines = [f"[+]{c.name} ok" if c.ok else f"[-]{c.name} failed: {c.reason}{_tolerated(c)}" for c in report.checks]
    return "\n".join([*lines, f"{report.name} check {'passed' if report.ok else 'failed'}", ""])


def _tolerated(check: Outcome) -> str:
    return "" if check.critical else " (not critical)"


def _answer(kind: Kind) -> Response:
    report = context().health.report(kind)
    status = 200 if report.ok else 503
    if request.user_agent.string.startswith(KUBELET):
        context().probe_log.add(kind, status, report.reason)
    if "verbose" in request.args:
        return Response(as_text(report), status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
    return reply(report, status)


@routes.get("/livez")
@routes.get("/healthz")
def livez() -> Response:
    """Say whether the process is alive."""
    return _answer("livez")


@routes.get("/readyz")
def readyz() -> Response:
    """Say whether requests should be sent here."""
    return _answer("readyz")


@routes.get("/startupz")
def startupz() -> Response:
    """Say whether starting is over."""
    return _answer("startupz")
