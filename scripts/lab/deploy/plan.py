"""Deploy and undeploy as lists of steps."""

from collections.abc import Iterable, Mapping

from lab import waiting
from lab.config import Settings
from lab.deploy import apply, fetch, manifests, ownership, status, volumes, wait
from lab.deploy.manifests import SHAPES, Ref, Shape, backwards, ref_of
from lab.deploy.services import BACK, FRONT
from lab.kubernetes import client
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object
from lab.steps import Report, Step

READY_WITHIN = 120.0
"""Seconds that the Pods may take to become Ready, images pulled and probes passed."""


def steps(
    settings: Settings,
    shape: Shape,
    references: Mapping[str, str],
    *,
    faults: bool = False,
    timeout: float = READY_WITHIN,
) -> list[Step]:
    """Return the steps that put a shape on the lab's cluster; running them again changes nothing that is right.

    All shapes have the same ports of this computer, so the others are removed first. ``faults`` lets the services'
    faults be switched on; ``timeout`` is how many seconds the Pods may take to become Ready. Raises Refused, before
    anything is sent, where the context is not the lab's own, or somebody made an object of the same name by hand, and
    BadInput for a wrong manifest.
    """
    api = client.api(settings)
    objects = manifests.render(shape, references, faults=faults)
    ownership.check(api, objects)
    return [
        Step(
            "Make room",
            lambda report: _make_room(settings, api, shape, report),
            lambda: None if _others(api, shape) else "no other shape has the ports",
        ),
        Step("Apply", lambda report: _apply(settings, api, shape, objects, report)),
        Step(
            "Wait until Ready",
            lambda report: wait.until_ready(api, objects, timeout=timeout, report=report),
            lambda: "all Ready" if wait.is_ready(api, objects) else None,
            expected=5,
        ),
        Step("Ask both addresses", lambda report: _wait_for_answers(settings, report)),
    ]


def undeploy(settings: Settings) -> list[Step]:
    api = client.api(settings)
    return [_removal(settings, api, shape) for shape in SHAPES]


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


def _removal(settings: Settings, api: Api, shape: Shape) -> Step:
    return Step(
        f"Remove shape {shape}",
        lambda report: _remove(settings, api, apply.live(api, shape), report),
        lambda: None if apply.live(api, shape) else "it is not there",
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


def _others(api: Api, shape: Shape) -> list[Ref]:
    """List what the other shapes have; namespaces stay: an empty one costs nothing."""
    refs = [ref for other in SHAPES if other != shape for ref in apply.live(api, other)]
    return [ref for ref in refs if ref.kind != "Namespace"]


def _make_room(settings: Settings, api: Api, shape: Shape, report: Report) -> str:
    shapes = [other for other in SHAPES if other != shape and apply.live(api, other)]
    summary = _remove(settings, api, _others(api, shape), report)
    report.note(f"SHAPE={' and '.join(shapes)} had the same ports and was removed; this is now SHAPE={shape}")
    return summary


def _apply(settings: Settings, api: Api, shape: Shape, objects: list[Object], report: Report) -> str:
    every = manifests.in_order([*volumes.make(api, settings, shape, objects, report), *objects])
    changes = apply.apply_all(api, every, report)
    apply.scale_to_minimum(api, every, report)
    pruned = apply.remove(api, manifests.left_over(apply.live(api, shape), map(ref_of, every)), report)
    volumes.remove(settings, pruned)
    for change in changes:
        if change.what == "replaced":
            report.note(f"{change.ref} was replaced: most of a Pod cannot be changed once it is there")
    return apply.summary([*changes, *pruned])
