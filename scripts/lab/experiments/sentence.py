"""A sentence of the course, and what it stands or falls with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.experiments.results import Verdict
    from lab.experiments.texts import Text


@dataclass(frozen=True)
class Shows:
    """Something that may have been seen: where it is measured, and the outcome or word to look for."""

    ref: str
    value: str


@dataclass(frozen=True)
class Sentence:
    """One sentence: what was to be seen if it is so (`says_that`), and what it does not say (`leaves_out`).

    `known` is the verdict that the explanation speaks of; where a cluster gives another, what was seen is said instead.
    """

    id: str
    says: Text
    known: Verdict
    because: Text
    says_that: tuple[Shows, ...]
    leaves_out: tuple[Shows, ...] = ()


def seen(*pairs: str) -> tuple[Shows, ...]:
    """Read ``ref=value`` words."""
    return tuple(Shows(ref, value) for ref, _, value in (pair.partition("=") for pair in pairs))
