"""The ways to ask a vantage point: each runs the same probe, or lets the one who dials there speak for itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lab.experiments.inside import Inside
from lab.experiments.sightings import Answer, question, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.config import Settings
    from lab.experiments.world import Address, Vantage, World
    from lab.kube import Api

BOUND = 10.0
"""Seconds for one vantage point: the probe's own four, and as long again to get there."""


@dataclass(frozen=True)
class Ways:
    """What all ways need: the lab's settings and API, the backend's image, and the world that is measured."""

    settings: Settings
    api: Api
    image: str
    world: World

    @cached_property
    def inside(self) -> Inside:
        """The way into containers."""
        return Inside(self.settings)

    def ask(self, vantage: Vantage, addresses: Sequence[Address]) -> Answer:
        """Try the addresses from there and look around; raises LabError where that cannot be asked."""
        return _WAYS[vantage.kind](self, vantage, addresses)


def container(way: Ways, vantage: Vantage, addresses: Sequence[Address]) -> Answer:
    """Run the probe in a container."""
    return read(way.inside.run(vantage, question(addresses), BOUND))


_WAYS: dict[str, Callable[[Ways, Vantage, Sequence[Address]], Answer]] = {
    "container": container,
}
