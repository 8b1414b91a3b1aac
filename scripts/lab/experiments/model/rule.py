"""What a rule is, and how rules are consulted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.experiments.model.cluster import Pod
    from lab.experiments.texts import Text


@dataclass(frozen=True)
class Rule:
    """One boolean fact about how things work: ``holds`` is asked about what is at hand; ``source`` is a URL."""

    id: str
    source: str
    says: Text
    holds: Callable[..., bool]


@dataclass(frozen=True)
class Book:
    """The rules as they are consulted."""

    rules: Mapping[str, Rule]

    def holds(self, rule: str, *about: object) -> bool:
        """Tell whether the rule of this id holds for what is at hand."""
        return self.rules[rule].holds(*about)


@dataclass(frozen=True)
class Place:
    """Where something is tried: in a Pod; without one on the node, or on this computer."""

    pod: Pod | None = None
    computer: bool = False

    @property
    def on_node(self) -> bool:
        """Tell whether the network namespace is the node's own."""
        return not self.computer and (self.pod is None or self.pod.host_network)


def table(*rules: Rule) -> dict[str, Rule]:
    """Return the rules by their ids."""
    return {one.id: one for one in rules}
