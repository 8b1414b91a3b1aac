"""How calls ended that others dialled: by the messages of kubectl, the API server and kubelet, and by kubelet's count.

kubelet counts each try of a probe, and reports failures in events. The container of such a vantage point sleeps, and
its only probe dials the app.
"""

import re
from dataclasses import dataclass

from lab import waiting
from lab.experiments.model.cluster import VantagePoint
from lab.experiments.results import Measurement, Outcome
from lab.kubernetes.client import Api

TRIES = 3
WAIT = 20.0
"""Seconds in which a probe that is tried every second is sure to have been, also on a busy computer."""
_PHRASES: tuple[tuple[str, Outcome], ...] = (
    ("no such host", "no-name"),
    ("name or service not known", "no-name"),
    ("connection refused", "refused"),
    ("connection reset", "reset"),
    ("i/o timeout", "timeout"),
    ("timed out", "timeout"),
    ("deadline exceeded", "timeout"),
    ("statuscode:", "answers"),  # kubelet's, of an HTTP probe: an app answered, though not with success
    ("no route to host", "elsewhere"),
    ("network is unreachable", "elsewhere"),
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Tally:
    """How often a container's probes passed and failed until now, and the metric's own lines."""

    passed: float = 0
    failed: float = 0
    lines: tuple[str, ...] = ()


def probe_result(api: Api, node: str, vantage: VantagePoint) -> Measurement:
    """Return how the probe of a container ends now; raises TimedOut where it has not been tried.

    A time-out is tried again up to `TRIES` times: a busy computer is late now and then.
    """
    for _ in range(TRIES):
        measurement = _try(api, node, vantage)
        if measurement.outcome != "timeout":
            break
    return measurement


def _try(api: Api, node: str, vantage: VantagePoint) -> Measurement:
    tallies = [_read_tally(api, node, vantage)]

    def look() -> tuple[bool, str]:
        tallies.append(_read_tally(api, node, vantage))
        return passes(*tallies[-2:]) is not None, "it was not tried"

    waiting.until(f"kubelet's probe of container {vantage.container}", look, timeout=WAIT, interval=0.5)
    if passes(*tallies[-2:]):
        return Measurement("answers", detail=" ".join(tallies[-1].lines))
    what = f"kubelet's event about container {vantage.container}"
    message = waiting.until(what, lambda: _last_failure(api, vantage), timeout=WAIT)
    return quoted(message)


def passes(before: Tally, now: Tally) -> bool | None:
    """Tell whether a probe passes, by what was counted between two looks; None where that is not clear.

    What was counted before tells nothing: the app may not have listened yet, or may have been changed since.
    """
    passed, failed = now.passed > before.passed, now.failed > before.failed
    return passed if passed != failed else None


def tally(metrics: str, vantage: VantagePoint) -> Tally:
    """Read kubelet's ``prober_probe_total``, its count of probes by container and result, for one container.

    https://kubernetes.io/docs/reference/instrumentation/metrics/
    """
    wanted = {"namespace": vantage.namespace, "pod": vantage.pod, "container": vantage.container}
    lines = [line for line in metrics.splitlines() if line.startswith("prober_probe_total{")]
    labelled = [(dict(_LABEL.findall(line)), line) for line in lines]
    own = [(labels["result"], line) for labels, line in labelled if wanted.items() <= labels.items()]
    counts = {"successful": 0.0, "failed": 0.0}
    for result_label, line in own:
        counts[result_label] = counts.get(result_label, 0) + float(line.split()[-1])
    return Tally(counts["successful"], counts["failed"], tuple(line for _, line in own))


def _read_tally(api: Api, node: str, vantage: VantagePoint) -> Tally:
    return tally(api.text(f"/api/v1/nodes/{node}/proxy/metrics/probes"), vantage)


def _last_failure(api: Api, vantage: VantagePoint) -> tuple[bool, str]:
    """Return what kubelet last complained of; where that is a time-out, what it complained of most.

    Events of a Pod are few, about 25 and then one in five minutes for all its containers: the last one that came may be
    of the start, when a busy machine was late.
    https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/client-go/tools/record/events_cache.go
    """
    path = f"/api/v1/namespaces/{vantage.namespace}/events"
    events = api.items(path, fieldSelector=f"involvedObject.name={vantage.pod},reason=Unhealthy")
    field = f"{{{vantage.container}}}"
    own = [event for event in events if event["involvedObject"].get("fieldPath", "").endswith(field)]
    if not own:
        return False, "no event complains of it"
    newest = sorted(own, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "", reverse=True)
    message = str(newest[0]["message"])
    if outcome(message) == "timeout":
        message = str(max(newest, key=lambda event: event.get("count") or 1)["message"])
    return True, message


def outcome(message: str) -> Outcome:
    """Return the outcome that an error message speaks of; `unmeasured` for an unknown one."""
    low = message.lower()
    return next((outcome for phrase, outcome in _PHRASES if phrase in low), "unmeasured")


def brief(message: str, most: int = 300) -> str:
    """Return a message on one line: its end, where a program's last word stands."""
    line = " ".join(message.split())
    return line if len(line) <= most else f"…{line[-most:]}"


def quoted(message: str, seconds: float = 0.0) -> Measurement:
    return Measurement(outcome(message), detail=brief(message), seconds=seconds)
