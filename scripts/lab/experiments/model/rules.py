"""All rules by id: what the model knows. What happens follows from them and the world, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lab.experiments.model import dns, proxies, routing
from lab.experiments.model.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMING", "RULES", "Rule", "inverted"]

NAMING = frozenset(dns.RULES)
"""The ids of the rules about names."""
RULES: Mapping[str, Rule] = {**dns.RULES, **routing.RULES, **proxies.RULES}


def inverted(rule: str) -> Mapping[str, Rule]:
    """Return all rules with this one saying the opposite; raises KeyError for an id that is none."""
    one = RULES[rule]
    return {**RULES, rule: replace(one, holds=lambda *about: not one.holds(*about))}
