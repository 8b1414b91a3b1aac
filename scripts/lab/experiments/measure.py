"""Measure: every vantage point is asked once, all of them at the same time, each within its own bounded time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.experiments import ways
from lab.experiments.sightings import Answer, Sighting
from lab.findings import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import Settings
    from lab.experiments.world import Address, Vantage, World
    from lab.kube import Api


@dataclass(frozen=True)
class Measured:
    """What was measured: ``of`` by the ids of vantage and address, ``sightings`` by the id of the vantage."""

    of: Mapping[tuple[str, str], Measurement] = field(default_factory=dict)
    sightings: Mapping[str, Sighting] = field(default_factory=dict)


def measure(  # noqa: PLR0913 - the lab's three handles, and what is to be measured
    settings: Settings,
    api: Api,
    image: str,
    world: World,
    cells: Sequence[tuple[Vantage, Address]],
    *,
    sights: Sequence[Vantage] = (),
) -> Measured:
    """Try all cells, and look around at their vantage points and at those of ``sights``.

    What cannot be asked is ``unmeasured``, with the reason as its detail; nothing is left out. Raises Refused where
    the cluster is not the lab's own.
    """
    asked = grouped(cells, sights)
    way = ways.Ways(settings, api, image, world)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        answers = list(pool.map(lambda one: _answer(way, *one), asked))
    both = list(zip(asked, answers, strict=True))
    return Measured(
        {(vantage.id, one.id): told(one, answer) for (vantage, tried), answer in both for one in tried},
        {vantage.id: answer.sees for (vantage, _), answer in both if isinstance(answer, Answer)},
    )


def grouped(
    cells: Sequence[tuple[Vantage, Address]], sights: Sequence[Vantage]
) -> list[tuple[Vantage, tuple[Address, ...]]]:
    """Return each vantage once, with all that is to be tried from it: nothing where it only looks around."""
    tried: dict[Vantage, tuple[Address, ...]] = dict.fromkeys(sights, ())
    for vantage, address in cells:
        tried[vantage] = (*tried.get(vantage, ()), address)
    return list(tried.items())


def told(address: Address, answer: Answer | LabError) -> Measurement:
    """Return what an answer says of an address; an error, and silence, are said aloud."""
    if isinstance(answer, LabError):
        return Measurement("unmeasured", detail=answer.what)
    return answer.cells.get(address.id, Measurement("unmeasured", detail="it was not tried from there"))


def _answer(way: ways.Ways, vantage: Vantage, tried: tuple[Address, ...]) -> Answer | LabError:
    try:
        return way.ask(vantage, tried)
    except LabError as error:
        return error
