"""A matrix of cells on a stage that stands: read the live objects, predict, measure, put both side by side."""

from __future__ import annotations

import platform
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab.errors import LabError
from lab.experiments import catalog
from lab.experiments.matrix import compare, labels
from lab.experiments.matrix.evidence import evidence
from lab.experiments.matrix.measure import measure
from lab.experiments.matrix.packet_path import way
from lab.experiments.matrix.topology import scene
from lab.experiments.model import from_api
from lab.experiments.model.cluster import Address, Computer, Vantage, World
from lab.experiments.model.explain import because
from lab.experiments.model.predict import aim, mechanism, predict
from lab.experiments.results import Cell, Experiment, Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.config import Settings
    from lab.experiments.matrix.manifests import Cast
    from lab.experiments.matrix.measure import Measured
    from lab.experiments.results import ClusterVersions, Label, Prediction
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

_ROUTES = Path("/proc/net/route")
NOWHERE: Final = "not-applicable"
SETTLED = 30.0
"""Seconds at most: kube-proxy gathers a second's changes before it writes rules; a busy machine takes longer."""


@dataclass(frozen=True)
class Try:
    """A cell to be: an address tried from a vantage point, and the variant of the Pod that it is about."""

    vantage: Vantage
    address: Address
    variant: str = ""


@dataclass(frozen=True)
class Matrix:
    """What a matrix experiment is: whom it puts on stage, and what is tried there.

    ``cast`` and ``tries`` are given the namespaces' names. ``settles`` are those cells of which it is waited that they
    come as predicted, before anything counts: they tell that the network follows the Services.
    """

    id: str
    spaces: tuple[str, ...]
    cast: Callable[[World, str, Sequence[str]], Cast]
    tries: Callable[[World, Sequence[str]], Sequence[Try]]
    settles: Callable[[Try], bool]
    variants: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Hand:
    """The lab's handles, and the backend's image: what every look needs."""

    settings: Settings
    api: Api
    image: str


def settle(hand: Hand, matrix: Matrix, namespaces: Sequence[str]) -> None:
    """Wait until the network follows what the API says, at most ``SETTLED`` seconds; what then is so counts."""
    deadline = time.monotonic() + SETTLED
    while time.monotonic() < deadline:
        world = read(hand, namespaces)
        tries = [one for one in tries_on(matrix, world, namespaces) if matrix.settles(one)]
        found = _measured(hand, world, tries)
        if all(
            compare.agrees(said := predict(world, one.vantage, one.address), _of(found, one, said)) for one in tries
        ):
            return
        time.sleep(0.2)


def look(
    hand: Hand,
    matrix: Matrix,
    asked: tuple[World, Sequence[Try]],
    cluster: ClusterVersions,
    began: tuple[datetime, float],
) -> Experiment:
    """Return what comes of these tries in this world; ``began`` is when, by both clocks."""
    entry, (world, tries) = catalog.find(matrix.id), asked
    measured = _measured(hand, world, tries)
    cells = tuple(cell(world, one, measured) for one in tries)
    flips = tuple(compare.flips(cells))
    return Experiment(
        experiment=matrix.id,
        title=entry.title,
        question=entry.question,
        cluster=cluster,
        began=began[0].astimezone(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began[1], 2),
        agrees=all(one.agrees for one in cells) and all(one.agrees for one in flips),
        cells=cells,
        flips=flips,
        vantages=labels.chosen(labels.VANTAGES, [one.vantage for one in cells]),
        addresses=labels.chosen(labels.ADDRESSES, [one.address for one in cells]),
        variants=tuple(one for one in matrix.variants if one.id in {each.variant for each in cells}),
        scene=scene(world, [one.vantage for one in tries], measured.surroundings),
    )


def cell(world: World, tried: Try, measured: Measured) -> Cell:
    """Put one prediction beside its measurement."""
    vantage, address = tried.vantage, told(tried)
    said = predict(world, vantage, address)
    seen = _of(measured, tried, said)
    return Cell(
        vantage=short(vantage.id),
        address=tried.address.id,
        url=address.url,
        predicted=said,
        measured=seen,
        agrees=compare.agrees(said, seen),
        mechanism=mechanism(said),
        because=because(world, vantage, address, said),
        exhibits=evidence(world, vantage, address, said, measured),
        variant=tried.variant,
        way=way(world, vantage, aim(world, vantage, address, seen.resolved), said, seen),
    )


def short(name: str) -> str:
    """Return a vantage's own id: several Pods may have one each, told apart by what comes before the slash."""
    return name.rpartition("/")[2]


def read(hand: Hand, namespaces: Sequence[str]) -> World:
    """Read the live objects, all at once, and describe them; raises LabError where there is no node, or no DNS."""
    paths = [f"/api/v1/namespaces/{name}/{kind}" for kind in ("pods", "services") for name in namespaces]
    with ThreadPoolExecutor(len(paths) + 2) as pool:
        cluster = pool.submit(_cluster, hand.api)
        found = list(pool.map(hand.api.items, paths))
    objects = [[one for each in part for one in each] for part in (found[: len(namespaces)], found[len(namespaces) :])]
    live = replace(cluster.result(), pods=_alive(objects[0]), services=objects[1])
    return from_api.world(live, computer(from_api.node_ip(live.node)))


def computer(node_ip: str) -> Computer:
    """Describe this computer: only Linux has the cluster's node on a bridge of its own."""
    linux = platform.system() == "Linux"
    return Computer(reaches_node=linux and from_api.routed(_ROUTES.read_text(), node_ip))


def _cluster(api: Api) -> from_api.Live:
    node = next(iter(api.items("/api/v1/nodes")), None)
    dns = api.get("/api/v1/namespaces/kube-system/services/kube-dns")
    if node is None or dns is None:
        raise LabError("the cluster has no node, or no DNS", "`make kind-up` makes it anew")
    return from_api.Live((), (), node, dns)


def _alive(found: Sequence[Object]) -> list[Object]:
    return [one for one in found if "deletionTimestamp" not in one["metadata"]]


def tries_on(matrix: Matrix, world: World, namespaces: Sequence[str], before: Sequence[Try] = ()) -> Sequence[Try]:
    """Return what is to be tried; where a Service is gone, the same as ``before``: its name and address may be asked.

    Raises LabError where that cannot be: a Pod that should ask is gone, or a Service at the first look.
    """
    try:
        tries = _of_all_services(matrix, world, namespaces, before)
        for one in tries:
            if one.vantage.pod:
                world.pod(one.vantage.namespace, one.vantage.pod)
    except KeyError as gone:
        raise LabError(f"there is no {gone.args[0]} any more", "run the experiment again: it makes all anew") from None
    return tries


def _of_all_services(matrix: Matrix, world: World, namespaces: Sequence[str], before: Sequence[Try]) -> Sequence[Try]:
    try:
        return matrix.tries(world, namespaces)
    except KeyError:
        if before:
            return before
        raise


def _measured(hand: Hand, world: World, tries: Sequence[Try]) -> Measured:
    """Measure; what several variants ask alike is asked once, and what applies to nothing is not asked."""
    apply = [one for one in tries if predict(world, one.vantage, one.address).outcome != NOWHERE]
    cells = list(dict.fromkeys((one.vantage, told(one)) for one in apply))
    return measure(hand.settings, hand.api, hand.image, world, cells)


def told(tried: Try) -> Address:
    """Return the address by an id that it shares with its like only; an init container was asked by the plain ones."""
    one = tried.address
    return one if tried.vantage.kind == "init" else replace(one, id=f"{one.id} {one.host}:{one.port}")


def _of(measured: Measured, tried: Try, said: Prediction) -> Measurement:
    return Measurement(NOWHERE) if said.outcome == NOWHERE else measured.of[tried.vantage.id, told(tried).id]
