"""How rules are consulted. A rule is one boolean fact about how things work: a function of what it is about.

``text/model.yaml`` says each in words, with the URL of where it is written.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lab.experiments.model.cluster import ClusterModel, Place


class Rules(dict[str, Callable[..., bool]]):
    """Rules by id."""

    def holds(self, rule: str, *facts: object) -> bool:
        return self[rule](*facts)

    def inverted(self, rule: str) -> "Rules":
        """Return all rules with this one saying the opposite; raises KeyError for an id that is none."""
        right = self[rule]
        return Rules({**self, rule: lambda *facts: not right(*facts)})


@dataclass(frozen=True)
class Caller:
    """A program that resolves and dials: where it runs, in which cluster, by which rules."""

    rules: Rules
    model: ClusterModel
    place: Place
