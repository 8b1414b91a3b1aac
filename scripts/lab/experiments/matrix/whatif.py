"""Counterfactuals: one thing of a Pod is changed; which cells flip, and do all others stay."""

from collections.abc import Sequence

from lab.config import Settings
from lab.errors import BadInput
from lab.experiments.matrix import manifests, variants
from lab.experiments.matrix.engine import Attempt
from lab.experiments.matrix.environment import Matrix
from lab.experiments.matrix.manifests import Setup
from lab.experiments.matrix.variants import ALIAS, BASE, EDITED, HOSTNAME, SUBDOMAIN, VARIANTS, Variant
from lab.experiments.model.cluster import Address, ClusterModel, VantagePoint
from lab.experiments.pods import idle
from lab.experiments.results import Experiment
from lab.kubernetes.client import Api
from lab.steps import Report

OTHER = "other"
_LOOPBACK = {"loopback4", "loopback6", "localhost"}
_BY_IP = {"pod-ip", "cluster-ip"}


def run(settings: Settings, api: Api, image: str, report: Report, only: Sequence[str] = ()) -> Experiment:
    """Measure the base beside its variants, or beside ``only`` those; raises BadInput for an unknown one, LabError."""
    return matrix(chosen(only)).run(settings, api, image, report)


def chosen(only: Sequence[str]) -> tuple[Variant, ...]:
    """Return the variants of these ids, all where none is given; raises BadInput for an id that is none."""
    known = [variant.id for variant in VARIANTS]
    for name in only:
        if name not in known:
            raise BadInput(f"there is no counterfactual {name!r}", f"use one of {', '.join(known)}")
    return tuple(variant for variant in VARIANTS if not only or variant.id in only)


def matrix(changed: Sequence[Variant]) -> Matrix:
    """Return the matrix of the base and these variants."""
    compared = (BASE, *changed)

    def setup(model: ClusterModel, namespaces: Sequence[str]) -> Setup:
        namespace = namespaces[0]
        services = [service for variant in compared for service in variants.services(variant, namespace)]
        other = manifests.pod(namespace, OTHER, idle("look"))
        return Setup(
            services=[*services, manifests.headless(namespace, SUBDOMAIN)],
            pods=lambda _: [other, *(variants.pod(variant, namespace, model) for variant in compared)],
            ephemeral=[added for variant in compared for added in variants.ephemeral(variant)],
            unready=[variant.pod for variant in compared if variant.unready],
        )

    return Matrix(
        id="whatif",
        setup=setup,
        attempts=lambda model, namespaces: [
            attempt for variant in compared for attempt in attempts(variant, model, namespaces[0])
        ],
        settles=lambda attempt: attempt.vantage.id == OTHER and attempt.address.id in {"cluster-ip", "headless"},
        variants=variants.LABELS,
    )


def attempts(variant: Variant, model: ClusterModel, namespace: str) -> list[Attempt]:
    """Return the cells of one variant: the same for each, so that those which differ stand out."""
    app = VantagePoint(f"{variant.pod}/app", "container", namespace, variant.pod, variant.container)
    other = VantagePoint(OTHER, "container", namespace, OTHER, "look")
    proxy = VantagePoint(f"{variant.pod}/pod-proxy", "pod-proxy", namespace, variant.pod)
    known = _addresses(variant, model, namespace)
    port = variant.port(namespace)
    cells = [
        *((app, address) for address in known),
        *((other, address) for address in known if address.id not in _LOOPBACK),
        *((VantagePoint("node", "node"), address) for address in known if address.id in _BY_IP),
        (proxy, Address("proxy", variant.pod, port, "pod-proxy")),
    ]
    if not variant.id or variant.unready:  # a forward costs a process: only where readiness may matter
        forward = VantagePoint(f"{variant.pod}/port-forward", "port-forward", namespace, variant.pod)
        cells.append((forward, Address("forward", f"pod/{variant.pod}", port, "forward")))
    return [Attempt(vantage, address, variant.id) for vantage, address in cells]


def _addresses(variant: Variant, model: ClusterModel, namespace: str) -> tuple[Address, ...]:
    domain, port, ip = model.cluster.domain, variant.port(namespace), model.pod(namespace, variant.pod).ip
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
        Address("headless", f"{variant.pod}.{SUBDOMAIN}.{namespace}.svc.{domain}", port),
        Address("service", variant.service, 80),
        Address("service-fqdn", f"{variant.service}.{namespace}.svc.{domain}", 80),
        Address("service-like-pod", variant.pod, 80),
        Address("cluster-ip", model.service(namespace, variant.service).cluster_ip, 80),
        Address("pod-dns", f"{ip.replace('.', '-')}.{namespace}.pod.{domain}", port),
        Address("getent-pod-name", variant.pod, port, "getent"),
        Address("nslookup-pod-name", variant.pod, port, "nslookup"),
    )
