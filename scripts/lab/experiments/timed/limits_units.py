"""What quantities that are easily confused must be in the cgroup, beside what they are. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, figures, loads
from lab.experiments.timed.effort import ROOT
from lab.experiments.timed.figures import Ask
from lab.experiments.timed.limits_judged import HELD, UNITS, limits, limits_of
from lab.kubernetes import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.results import Expectation
    from lab.experiments.timed.limits_judged import Evidence

_UNITS = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#resource-units-in-kubernetes"


def expectations(evidence: Evidence) -> Iterator[Expectation]:
    """Judge each quantity."""
    for name in HELD:
        lines = evidence.logs[UNITS, name]
        began, samples = loads.said(lines, "began"), loads.samples(lines)
        page = began.body["page"] if began else cgroups.PAGE
        ahead = cgroups.given({"limits": limits(evidence, UNITS, name)}, evidence.version, page)
        yield from _unit(evidence, name, samples[-1][1].given if samples else None, ahead)
    yield _stored(evidence)


def _unit(evidence: Evidence, name: str, held: cgroups.Given | None, ahead: cgroups.Given) -> Iterator[Expectation]:
    asked, lines = limits(evidence, UNITS, name), evidence.logs[UNITS, name]
    files = {key: path.removeprefix(f"{ROOT}/") for key, path in cgroups.names(evidence.version).items()}
    memory = Ask(
        f"memory-{name}",
        f"memory: {asked['memory']}",
        Text(en="How many bytes is that in the cgroup?", fr="Combien d’octets dans le cgroup\u202f?"),
        Text(
            en="Mi is 2^20, M is 10^6; the kernel keeps whole pages of 4096 bytes.",
            fr="Mi vaut 2^20, M vaut 10^6\u202f; le noyau garde des pages entières de 4096\u00a0octets.",
        ),
        _UNITS,
    )
    shows = Text(en="what the kernel holds the container to", fr="ce que le noyau impose au conteneur")
    raw = loads.file_exhibit(UNITS, name, files["memory"], loads.raw(lines, files["memory"]), shows)
    yield memory.exactly(figures.exact_size(ahead.memory), figures.exact_size(held.memory) if held else "", raw)
    cpu = Ask(
        f"cpu-{name}",
        f"cpu: {asked['cpu']}",
        Text(en="How much CPU time is that?", fr="Combien de temps de CPU\u202f?"),
        Text(
            en="m is a thousandth of a core: 100m and 0.1 are one and the same.",
            fr="m est un millième de cœur\u00a0: 100m et 0.1, c’est la même chose.",
        ),
        _UNITS,
    )
    raw = loads.file_exhibit(UNITS, name, files["quota"], loads.raw(lines, files["quota"]), shows)
    yield cpu.exactly(figures.quota(ahead.quota), figures.quota(held.quota) if held else "", raw)


def _stored(evidence: Evidence) -> Expectation:
    """Judge how the API server writes `0.1` back."""
    sent, found = (limits_of(one, "mega")["cpu"] for one in (evidence.sent[UNITS], evidence.pods[UNITS]))
    ask = Ask(
        "cpu-stored",
        f"cpu: {sent}",
        Text(en="How does the API server write it back?", fr="Comment l’API server le réécrit-il\u202f?"),
        Text(
            en="Quantities have one canonical form: thousandths where cores are not whole.",
            fr="Une quantité a une seule forme canonique\u00a0: en millièmes dès que les cœurs ne sont pas entiers.",
        ),
        "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/",
    )
    shown = Exhibit(
        "field",
        f"{UNITS}: spec.containers[1].resources.limits.cpu",
        str(found),
        Text(en="sent as 0.1, kept as this", fr="envoyé 0.1, gardé ainsi"),
        f"kubectl get pod {UNITS} -o jsonpath='{{.spec.containers[1].resources}}'",
    )
    return ask.exactly(quantities.stored_cpu(sent), str(found), shown)
