"""Deploy and undeploy as lists of steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab import waiting
from lab.config import Settings
from lab.deploy import apply, fetch, kinds, liveness, manifests, ownership, pullable, status, volumes, wait
from lab.deploy import check as check_
from lab.deploy.manifests import SHAPES, Manifest, Ref, Shape, backwards, ref_of
from lab.deploy.services import BACK, FRONT
from lab.kubernetes import client
from lab.kubernetes.client import Api
from lab.steps import Report, Step

READY_WITHIN = 120.0
"""Seconds that the Pods may take to become Ready, images pulled and probes passed."""


@dataclass(frozen=True)
class Deployment:
    """A shape that is to be on the lab's cluster: its objects, and what of the other shapes makes room for them."""

    settings: Settings
    api: Api
    shape: Shape
    objects: list[Manifest]
    others: dict[Shape, list[Ref]]

    @property
    def leaving(self) -> list[Ref]:
        """List what the other shapes have; namespaces stay: an empty one costs nothing."""
        return [ref for refs in self.others.values() for ref in refs if ref.kind != "Namespace"]


def prepare(settings: Settings, shape: Shape, references: Mapping[str, str], *, faults: bool = False) -> Deployment:
    """Read a shape's files; ``faults`` lets the services' faults be switched on.

    Raises Refused, before anything is sent, where the context is not the lab's own, or somebody made an object of the
    same name by hand, and BadInput for a wrong file.
    """
    api = client.api(settings)
    objects = manifests.render(shape, references, faults=faults, discover=lambda: kinds.discover(api))
    ownership.check(api, objects)
    others = {other: refs for other, refs in apply.live(api).items() if other != shape and refs}
    return Deployment(settings, api, shape, objects, others)


def check(deployment: Deployment) -> Step:
    """Return the step that asks the API server about all of it before the first change."""
    api, objects, leaving = deployment.api, deployment.objects, deployment.leaving

    def run(report: Report) -> str:
        for source in manifests.without_objects(deployment.shape):
            report.note(f"{source} holds no object: what it held is taken away")
        return check_.check(api, objects, leaving, report)

    return Step("Check the manifests", run)


def steps(deployment: Deployment, *, timeout: float = READY_WITHIN) -> list[Step]:
    """Return the steps that put a shape on the lab's cluster; running them again changes nothing that is right.

    All shapes have the same ports of this computer, so the others are removed first. ``timeout`` is how many seconds
    the Pods may take to become Ready.
    """
    settings, api, objects = deployment.settings, deployment.api, deployment.objects
    return [
        pullable.step(settings, api, objects),
        Step(
            "Make room",
            lambda report: _make_room(deployment, report),
            lambda: None if deployment.leaving else "no other shape has the ports",
        ),
        Step("Apply", lambda report: _apply(deployment, report)),
        Step(
            "Wait until Ready",
            lambda report: wait.until_ready(api, objects, timeout=timeout, report=report),
            lambda: "all Ready" if wait.is_ready(api, objects) else None,
            expected=5,
        ),
        liveness.step(api, objects),
        Step("Ask both addresses", lambda report: _wait_for_answers(settings, report)),
    ]


def undeploy(settings: Settings) -> list[Step]:
    api = client.api(settings)
    live = apply.live(api)
    return [_removal(settings, api, shape, live[shape]) for shape in SHAPES]


def _wait_for_answers(settings: Settings, report: Report) -> str:
    """Wait for this computer's ports and for the connection between the two services.

    Both come after the Pods: kube-proxy learns of a Ready one up to a second or two after the API server, and on a new
    cluster DNS, by which the frontend finds the backend, may not be up yet.
    """
    urls = {
        "the page": (f"{settings.front_url}/", FRONT),
        "the backend": (f"{settings.back_url}/version", BACK),
        "the backend's cats, through the frontend": (f"{settings.front_url}/cats/tom.svg", ""),
    }

    def look() -> tuple[bool, str]:
        answers = {name: (fetch.get(url), service) for name, (url, service) in urls.items()}
        failures = [
            f"{name}: {answer.summary}{f', which is not {service}' if answer.ok else ''}"
            for name, (answer, service) in answers.items()
            if not (answer.is_from(service) if service else answer.ok)
        ]
        return not failures, "; ".join(failures) or "both answer"

    result = waiting.until(
        "both addresses to answer",
        look,
        timeout=30,
        on_state=report,
        hint="`make verify` tries every way, `make doctor` looks at this computer",
    )
    for other in filter(None, map(status.stranger, (settings.front_port, settings.back_port))):
        report.note(other)
    return result


def _removal(settings: Settings, api: Api, shape: Shape, refs: list[Ref]) -> Step:
    return Step(
        f"Remove shape {shape}",
        lambda report: _remove(settings, api, refs, report),
        lambda: None if refs else "it is not there",
    )


def _remove(settings: Settings, api: Api, refs: Iterable[Ref], report: Report) -> str:
    """Remove what the lab made; a namespace where somebody made something by hand stays."""
    refs = backwards(refs)
    changes = apply.remove(api, [ref for ref in refs if ref.kind != "Namespace"], report)
    for namespace in (ref for ref in refs if ref.kind == "Namespace"):
        if kept := ownership.by_hand(api, namespace.name):
            report.note(f"{namespace} stays: {', '.join(map(str, kept))} in it is yours")
        else:
            changes += apply.remove(api, [namespace], report)
    volumes.remove(settings, changes)
    return apply.summary(changes)


def _make_room(deployment: Deployment, report: Report) -> str:
    summary = _remove(deployment.settings, deployment.api, deployment.leaving, report)
    shapes, shape = " and ".join(deployment.others), deployment.shape
    report.note(f"SHAPE={shapes} had the same ports and was removed; this is now SHAPE={shape}")
    return summary


def _apply(deployment: Deployment, report: Report) -> str:
    settings, api, shape, objects = deployment.settings, deployment.api, deployment.shape, deployment.objects
    every = manifests.in_order([*volumes.make(api, settings, shape, objects, report), *objects])
    changes = apply.apply_all(api, every, report)
    apply.scale_to_minimum(api, every, report)
    pruned = apply.remove(api, manifests.left_over(apply.live(api)[shape], map(ref_of, every)), report)
    volumes.remove(settings, pruned)
    for change in changes:
        if change.what == "replaced":
            report.note(f"{change.ref} was replaced: most of a Pod cannot be changed once it is there")
    return apply.summary([*changes, *pruned])
