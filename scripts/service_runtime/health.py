"""Liveness, readiness and start-up, each with its checks and their reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from flask import Response, request

from service_runtime.lifecycle import Phase
from service_runtime.probes import ProbeKind  # noqa: TC001 - msgspec reads the annotations
from service_runtime.responses import reply

if TYPE_CHECKING:
    from service_runtime.lifecycle import Lifecycle

Check = Callable[[], str | None]
"""Returns why it fails, or None when all is well."""


class Outcome(msgspec.Struct, frozen=True):
    """One check: `reason` is null when it is ok; one that is not `critical` may fail without further effect."""

    name: str
    ok: bool
    reason: str | None = None
    critical: bool = True


class Report(msgspec.Struct, frozen=True):
    """All checks of one endpoint; it is ok when each critical one is."""

    name: ProbeKind
    ok: bool
    checks: list[Outcome]

    @property
    def status(self) -> int:
        return 200 if self.ok else 503

    @property
    def reason(self) -> str | None:
        """Why it is not ok: what the first critical check that failed says."""
        return next((check.reason for check in self.checks if check.critical and not check.ok), None)


class Health:
    """The checks of this process, by endpoint."""

    def __init__(self, checks: dict[ProbeKind, dict[str, Check]]) -> None:
        self.checks = checks
        self.not_critical: set[str] = set()

    def add(self, kind: ProbeKind, name: str, check: Check, *, critical: bool = True) -> None:
        """Add a check; one that is not critical is listed only.

        A dependency that all Pods share is not critical: its failure would take every Pod out of the Service.
        """
        self.checks[kind][name] = check
        if not critical:
            self.not_critical.add(name)

    def report(self, kind: ProbeKind) -> Report:
        reasons = {name: check() for name, check in self.checks[kind].items()}
        outcomes = [
            Outcome(name, reason is None, reason, name not in self.not_critical) for name, reason in reasons.items()
        ]
        return Report(kind, all(outcome.ok or not outcome.critical for outcome in outcomes), outcomes)


def ping() -> None:
    """Answering is the proof."""


def started(lifecycle: Lifecycle) -> Check:
    return lambda: "still starting" if lifecycle.phase is Phase.STARTING else None


def not_shutting_down(lifecycle: Lifecycle) -> Check:
    return lambda: "shutting down" if lifecycle.draining else None


def as_text(report: Report) -> str:
    """Return the report as the Kubernetes API server prints its own with `?verbose`.

    Unlike the API server, which withholds it, a failed check's reason is shown:
    https://kubernetes.io/docs/reference/using-api/health-checks/
    """
    lines = []
    for check in report.checks:
        tolerated = "" if check.critical else " (not critical)"
        lines.append(f"[+]{check.name} ok" if check.ok else f"[-]{check.name} failed: {check.reason}{tolerated}")
    return "\n".join([*lines, f"{report.name} check {'passed' if report.ok else 'failed'}", ""])


def response(report: Report) -> Response:
    """Answer the current request with the report: 200 or 503, as text with `?verbose`, else as JSON."""
    if "verbose" in request.args:
        headers = {"Cache-Control": "no-store"}
        return Response(as_text(report), report.status, headers, mimetype="text/plain")
    return reply(report, report.status)
