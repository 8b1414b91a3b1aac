"""What a rule is, and how rules are consulted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.experiments import texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.experiments.model.cluster import ClusterModel, Place
    from lab.experiments.texts import Text


@dataclass(frozen=True)
class Rule:
    """One boolean fact about how things work; ``source`` is the URL of where it is written."""

    id: str
    says: Text
    source: str
    holds: Callable[..., bool]


class Rules(dict[str, Rule]):
    """Rules by id."""

    @classmethod
    def of(cls, functions: Mapping[str, Callable[..., bool]]) -> Rules:
        """Join functions with their texts; raises KeyError where the ids of the two differ."""
        written = texts.load("model").section("rules", functions)
        return cls(
            {
                name: Rule(name, written.section(name)["says"], written.section(name)["source"].en, holds)
                for name, holds in functions.items()
            }
        )

    def holds(self, rule: str, *facts: object) -> bool:
        return self[rule].holds(*facts)

    def inverted(self, rule: str) -> Rules:
        """Return all rules with this one saying the opposite; raises KeyError for an id that is none."""
        right = self[rule]
        return Rules({**self, rule: replace(right, holds=lambda *facts: not right.holds(*facts))})


@dataclass(frozen=True)
class Caller:
    """A program that resolves and dials: where it runs, in which cluster, by which rules."""

    rules: Rules
    model: ClusterModel
    place: Place
