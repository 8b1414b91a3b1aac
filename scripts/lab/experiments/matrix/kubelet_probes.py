"""What kubelet's probes found: it counts each try, and complains of failures in events.

A witness is a container that sleeps and whose only probe aims at the app; its vantage names that container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import waiting
from lab.experiments.matrix import error_parsing
from lab.experiments.results import Measurement

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Vantage
    from lab.kubernetes.client import Api

TRIES = 3
WAIT = 20.0
"""Seconds in which a probe that is tried every second is sure to have been, also on a busy computer."""
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Tally:
    """How often a container's probes passed and failed until now, and the metric's own lines."""

    passed: float = 0
    failed: float = 0
    lines: tuple[str, ...] = ()


def testimony(api: Api, node: str, vantage: Vantage) -> Measurement:
    """Return how the probe of a witness ends now; raises TimedOut where it has not been tried.

    A time-out is waited out for `TRIES` tries, as from any other vantage point: a busy computer is late now and then.
    """
    for _ in range(TRIES):
        found = _try(api, node, vantage)
        if found.outcome != "timeout":
            break
    return found


def _try(api: Api, node: str, vantage: Vantage) -> Measurement:
    seen = [_tally(api, node, vantage)]

    def look() -> tuple[bool, str]:
        seen.append(_tally(api, node, vantage))
        return passes(*seen[-2:]) is not None, "it was not tried"

    waiting.until(f"kubelet's probe of container {vantage.container}", look, timeout=WAIT, interval=0.5)
    if passes(*seen[-2:]):
        return Measurement("answers", detail=" ".join(seen[-1].lines))
    said = waiting.until(f"kubelet's word on container {vantage.container}", lambda: _heard(api, vantage), timeout=WAIT)
    return Measurement(error_parsing.outcome(said), detail=error_parsing.brief(said))


def passes(before: Tally, now: Tally) -> bool | None:
    """Tell whether a probe passes, by what was counted between two looks; None where that is not clear.

    What was counted before tells nothing: the app may not have listened yet, or may have been changed since.
    """
    passed, failed = now.passed > before.passed, now.failed > before.failed
    return passed if passed != failed else None


def tally(metrics: str, vantage: Vantage) -> Tally:
    """Read kubelet's ``prober_probe_total``, its count of probes by container and result, for one container.

    https://kubernetes.io/docs/reference/instrumentation/metrics/
    """
    wanted = {"namespace": vantage.namespace, "pod": vantage.pod, "container": vantage.container}
    lines = [one for one in metrics.splitlines() if one.startswith("prober_probe_total{")]
    own = [(dict(_LABEL.findall(one)), one) for one in lines]
    mine = [(labels["result"], one) for labels, one in own if wanted.items() <= labels.items()]
    count = {result: sum(float(one.split()[-1]) for said, one in mine if said == result) for result, _ in mine}
    return Tally(count.get("successful", 0), count.get("failed", 0), tuple(one for _, one in mine))


def _tally(api: Api, node: str, vantage: Vantage) -> Tally:
    return tally(api.text(f"/api/v1/nodes/{node}/proxy/metrics/probes"), vantage)


def _heard(api: Api, vantage: Vantage) -> tuple[bool, str]:
    """Return what kubelet last complained of; where that is a time-out, what it complained of most.

    Events of a Pod are few, about 25 and then one in five minutes for all its containers: the last one that came may be
    of the start, when a busy machine was late.
    https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/client-go/tools/record/events_cache.go
    """
    path = f"/api/v1/namespaces/{vantage.namespace}/events"
    found = api.items(path, fieldSelector=f"involvedObject.name={vantage.pod},reason=Unhealthy")
    field = f"{{{vantage.container}}}"
    own = [one for one in found if one["involvedObject"].get("fieldPath", "").endswith(field)]
    if not own:
        return False, "no event complains of it"
    by_time = sorted(own, key=lambda one: one.get("lastTimestamp") or one.get("eventTime") or "", reverse=True)
    said = str(by_time[0]["message"])
    if error_parsing.outcome(said) == "timeout":
        said = str(max(by_time, key=lambda one: one.get("count") or 1)["message"])
    return True, said
