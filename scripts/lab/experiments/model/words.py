"""Sentences put together, in both languages."""

from __future__ import annotations

from lab.experiments.results import Words


def joined(*sentences: Words | None) -> Words:
    """Return the sentences that are there, one after the other."""
    said = [one for one in sentences if one]
    return Words(en=" ".join(one.en for one in said), fr=" ".join(one.fr for one in said))
