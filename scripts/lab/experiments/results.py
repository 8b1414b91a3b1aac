"""The result of an experiment: predicted beside measured, each with its evidence. Frozen data, which is the JSON too.

`lab.experiments` fills it in, `lab.report` shows it; `schema()` is the published JSON schema of it. Times are seconds
from the beginning of the experiment, sizes are bytes.
"""

import inspect
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from lab.experiments.texts import Text

Outcome = Literal[
    "answers", "resolves", "no-name", "refused", "timeout", "reset", "elsewhere", "not-applicable", "unmeasured"
]
"""How a cell ends.

`answers`: the app did; `resolves`: the name led to an address, for cells that only ask for that; `no-name`: it does not
resolve; `elsewhere`: the packet leaves for where no Pod is, whatever comes back from there; `unmeasured`: it could not
be tried, which agrees with no prediction, and the measurement's detail says why.
"""


class Prediction(msgspec.Struct, frozen=True):
    """`who` is the Pod that answers, or the address that a name leads to; `rules` led there."""

    outcome: Outcome
    who: str = ""
    rules: tuple[str, ...] = ()


class Measurement(msgspec.Struct, frozen=True):
    """`detail` is in the probe's own words (`errno 111, Connection refused`), `resolved` the addresses of the host."""

    outcome: Outcome
    who: str = ""
    detail: str = ""
    resolved: tuple[str, ...] = ()
    seconds: float = 0.0


ExhibitKind = Literal[
    "netns", "hosts", "socket", "resolver", "dns", "endpoints", "field", "cgroup", "event", "status", "command"
]


class Exhibit(msgspec.Struct, frozen=True):
    """A piece of evidence, taken live: where, its own text unchanged, and what it shows.

    `command` is what a learner types to see the same, empty where nothing short does.
    """

    kind: ExhibitKind
    where: str
    text: str
    shows: Text
    command: str = ""


class Cell(msgspec.Struct, frozen=True):
    """One address tried from one vantage point; `variant` is the counterfactual, empty for the base.

    `mechanism` is the rule that decides; `because` says it in two sentences at most. `way` is what its packet passed as
    measured: `container NAMESPACE/POD/NAME`, `net NAMESPACE/POD` (a Pod's network namespace), `service NAMESPACE/NAME`,
    `node` (its network), `kubelet`, `api`, `dns`, `computer`, and `away` where no Pod is.
    """

    vantage: str
    address: str
    url: str
    predicted: Prediction
    measured: Measurement
    agrees: bool
    mechanism: str
    because: Text
    exhibits: tuple[Exhibit, ...] = ()
    variant: str = ""
    way: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True):
    """What the id of a vantage point, an address or a variant stands for: a short name, and one sentence more."""

    id: str
    short: Text
    more: Text


class Flip(msgspec.Struct, frozen=True):
    """A cell whose outcome a counterfactual changes: predicted and measured, before and after."""

    variant: str
    vantage: str
    address: str
    predicted: tuple[Outcome, Outcome]
    measured: tuple[Outcome, Outcome]
    agrees: bool
    because: Text


class Moment(msgspec.Struct, frozen=True):
    """Something that happened: in which lane of the timeline, what in short, and the raw line that says so.

    `until` makes it a stretch of time; `state` chooses how it is drawn.
    """

    at: float
    lane: str
    says: Text
    state: Literal["good", "bad", "neutral"] = "neutral"
    until: float | None = None
    raw: str = ""


class Timeline(msgspec.Struct, frozen=True):
    """What happened, lane by lane, from events and answers that were seen; `lanes` orders and names them."""

    id: str
    title: Text
    lanes: tuple[Label, ...]
    moments: tuple[Moment, ...]
    seconds: float


class Expectation(msgspec.Struct, frozen=True):
    """One thing that is to happen, or to be so, beside what did: `predicted` and `measured` as short words.

    `within` is the time in which it was to happen, `at` when it did; both None for a fact without a time. `shown` is
    false where it came in time or in range, and a busy machine makes those too wide to show anything; so is `agrees`.
    """

    id: str
    subject: str
    asks: Text
    predicted: Text
    measured: Text
    agrees: bool
    because: Text
    within: tuple[float, float] | None = None
    at: float | None = None
    exhibits: tuple[Exhibit, ...] = ()
    source: str = ""
    shown: bool = True


class DiagramPod(msgspec.Struct, frozen=True):
    """A Pod as it was: `netns` is the inode of its network namespace; `containers` are (name, kind, vantage id)."""

    name: str
    namespace: str
    ip: str
    netns: str
    containers: tuple[tuple[str, str, str], ...]
    ready: bool = True
    host_network: bool = False


class DiagramService(msgspec.Struct, frozen=True):
    """A Service, its cluster IP (`None` for a headless one), and the Pods that it leads to."""

    name: str
    namespace: str
    cluster_ip: str
    ports: str
    pods: tuple[str, ...]


class Diagram(msgspec.Struct, frozen=True):
    """What the picture shows: namespaces with their Pods, each with containers; Services and whom they lead to."""

    node: str
    pods: tuple[DiagramPod, ...] = ()
    services: tuple[DiagramService, ...] = ()


class ClusterVersions(msgspec.Struct, frozen=True):
    """The versions that decide: what a cell's prediction may depend on."""

    name: str
    kubernetes: str
    runtime: str
    kernel: str
    cgroup: str
    node: str


Verdict = Literal["true", "nuance", "false", "unknown"]


class Claim(msgspec.Struct, frozen=True):
    """Something the course says, put to the cluster: the verdict, why, and which cells and expectations show it.

    `agrees` tells whether the verdict is the one that was known before; it is `shown` unless evidence is missing.
    """

    id: str
    says: Text
    verdict: Verdict
    because: Text
    shown_by: tuple[str, ...]
    exhibits: tuple[Exhibit, ...] = ()
    agrees: bool = True
    shown: bool = True


class Experiment(msgspec.Struct, frozen=True):
    """One experiment's whole result; `agrees` tells whether nothing that was shown differs from what was predicted."""

    experiment: str
    title: Text
    question: Text
    cluster: ClusterVersions
    began: str
    seconds: float
    agrees: bool
    cells: tuple[Cell, ...] = ()
    flips: tuple[Flip, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    claims: tuple[Claim, ...] = ()
    vantages: tuple[Label, ...] = ()
    addresses: tuple[Label, ...] = ()
    variants: tuple[Label, ...] = ()
    scene: Diagram | None = None


def schema() -> dict[str, Any]:
    """Return the JSON schema of `lab experiment NAME --json`; `all` prints an array of these."""
    made = msgspec.json.schema(Experiment)
    for definition in made["$defs"].values():
        if "description" in definition:  # a docstring, which Python 3.13 dedents and earlier ones do not
            definition["description"] = inspect.cleandoc(definition["description"])
    return made


def encode(results: Experiment | Sequence[Experiment]) -> bytes:
    """Return an experiment as JSON, or several as an array."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2)


def summary(experiment: Experiment) -> str:
    """Say in a few words how much was measured and how much of it differs."""
    counts = {
        "cells": len(experiment.cells),
        "flips": len(experiment.flips),
        "facts": len(experiment.expectations),
        "claims": len(experiment.claims),
    }
    wrong, unseen = len(disagreements(experiment)), len(not_shown(experiment))
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    rest = f"{unseen} not shown" if unseen else "all as predicted"
    return ", ".join([*parts, f"{wrong} disagree" if wrong else rest])


def differs(result: Cell | Flip | Expectation | Claim) -> bool:
    """Tell whether something was measured other than predicted; what was not shown was not."""
    return not result.agrees and getattr(result, "shown", True)


def not_shown(experiment: Experiment) -> list[str]:
    """Name what could be neither confirmed nor refuted."""
    facts = [expectation.id for expectation in experiment.expectations if not expectation.shown]
    return [*facts, *(claim.id for claim in experiment.claims if not claim.shown)]


def disagreements(experiment: Experiment) -> list[str]:
    """Name what was measured other than predicted."""
    cells = ["/".join(filter(None, (c.variant, c.vantage, c.address))) for c in experiment.cells if not c.agrees]
    flips = [f"{flip.variant}: {flip.vantage}/{flip.address}" for flip in experiment.flips if not flip.agrees]
    facts = [expectation.id for expectation in experiment.expectations if differs(expectation)]
    return [*cells, *flips, *facts, *(claim.id for claim in experiment.claims if differs(claim))]
