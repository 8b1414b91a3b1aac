"""Counterfactuals: one thing of a Pod is changed; which cells flip, and do all others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.errors import BadInput
from lab.experiments.matrix import environment, manifests, variants
from lab.experiments.matrix.engine import Matrix, Try
from lab.experiments.matrix.manifests import Cast
from lab.experiments.matrix.variants import ALIAS, BASE, EDITED, HOSTNAME, LITTER, VARIANTS
from lab.experiments.model.cluster import Address, Vantage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Settings
    from lab.experiments.matrix.variants import Variant
    from lab.experiments.model.cluster import World
    from lab.experiments.results import Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

OTHER = "other"


def run(settings: Settings, api: Api, image: str, report: Report, only: Sequence[str] = ()) -> Experiment:
    """Measure the base beside its variants, or beside ``only`` those; raises BadInput for an unknown one, LabError."""
    with environment.staged(settings, api, image, of(chosen(only)), report) as found:
        return found.look()


def chosen(only: Sequence[str]) -> tuple[Variant, ...]:
    """Return the variants of these ids, all where none is given; raises BadInput for an id that is none."""
    known = {one.id: one for one in VARIANTS}
    for name in only:
        if name not in known:
            raise BadInput(f"there is no counterfactual {name!r}", f"use one of {', '.join(known)}")
    return tuple(one for one in VARIANTS if not only or one.id in only)


def of(changed: Sequence[Variant]) -> Matrix:
    """Return the matrix of the base and these variants."""
    everyone = (BASE, *changed)

    def players(world: World, image: str, namespaces: Sequence[str]) -> Cast:
        here = namespaces[0]
        services = [each for one in everyone for each in variants.services(one, here)]
        return Cast(
            services=[*services, manifests.headless(here, LITTER)],
            pods=lambda _: [_other(here, image), *(variants.pod(one, here, image, world) for one in everyone)],
            guests=[each for one in everyone for each in variants.guests(one, image)],
            unready=[one.pod for one in everyone if one.unready],
        )

    return Matrix(
        id="whatif",
        spaces=(),
        cast=players,
        tries=lambda world, namespaces: [each for one in everyone for each in tries(one, world, namespaces[0])],
        settles=lambda one: one.vantage.id == OTHER and one.address.id in {"cluster-ip", "headless"},
        variants=tuple(one.label for one in everyone if one.id),
    )


def tries(variant: Variant, world: World, here: str) -> list[Try]:
    """Return the cells of one variant: the same for each, so that those which differ stand out."""
    ip = world.pod(here, variant.pod).ip
    app = Vantage(f"{variant.pod}/app", "container", here, variant.pod, variant.container)
    other = Vantage(OTHER, "container", here, OTHER, "look")
    node = Vantage("node", "node")
    proxy = Vantage(f"{variant.pod}/pod-proxy", "pod-proxy", here, variant.pod)
    known = _addresses(variant, world, here, ip)
    outside = [one for one in known if one.id not in {"loopback4", "loopback6", "localhost"}]
    by_ip = [one for one in known if one.id in {"pod-ip", "cluster-ip"}]
    return [
        *(Try(app, one, variant.id) for one in known),
        *(Try(other, one, variant.id) for one in outside),
        *(Try(node, one, variant.id) for one in by_ip),
        Try(proxy, Address("proxy", variant.pod, variant.port(here), "pod-proxy"), variant.id),
        *_forwards(variant, here),
    ]


def _forwards(variant: Variant, here: str) -> list[Try]:
    """Return the port-forward of the base, and of what readiness changes: a forward costs a process."""
    if variant.id and not variant.unready:
        return []
    vantage = Vantage(f"{variant.pod}/port-forward", "port-forward", here, variant.pod)
    return [Try(vantage, Address("forward", f"pod/{variant.pod}", variant.port(here), "forward"), variant.id)]


def _addresses(variant: Variant, world: World, here: str, ip: str) -> tuple[Address, ...]:
    domain, port = world.cluster.domain, variant.port(here)
    service = world.service(here, variant.service)
    return (
        Address("loopback4", "127.0.0.1", port),
        Address("loopback6", "::1", port),
        Address("localhost", "localhost", port),
        Address("pod-ip", ip, port),
        Address("pod-name", variant.pod, port),
        Address("container-name", variant.container, port),
        Address("hostname", HOSTNAME, port),
        Address("host-alias", ALIAS, port),
        Address("hand-edit", EDITED, port),
        Address("headless", f"{variant.pod}.{LITTER}.{here}.svc.{domain}", port),
        Address("service", variant.service, 80),
        Address("service-fqdn", f"{variant.service}.{here}.svc.{domain}", 80),
        Address("service-like-pod", variant.pod, 80),
        Address("cluster-ip", service.cluster_ip, 80),
        Address("pod-dns", f"{ip.replace('.', '-')}.{here}.pod.{domain}", port),
        Address("getent-pod-name", variant.pod, port, "getent"),
        Address("nslookup-pod-name", variant.pod, port, "nslookup"),
    )


def _other(here: str, image: str) -> Object:
    return manifests.pod(here, OTHER, manifests.idle(image, "look"))
