"""The model's sentences in both languages."""

from __future__ import annotations

from lab.findings import Words


def words(en: str, fr: str) -> Words:
    """Return the text."""
    return Words(en=en, fr=fr)


def joined(*sentences: Words | None) -> Words:
    """Return the sentences that are there, one after the other."""
    said = [one for one in sentences if one]
    return Words(en=" ".join(one.en for one in said), fr=" ".join(one.fr for one in said))
