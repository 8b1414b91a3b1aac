"""Sentences in both languages, with the spaces that French typography asks for."""

from __future__ import annotations

import re

from lab.findings import Words


def words(en: str, fr: str) -> Words:
    """Return the text; in French a no-break space, before a semicolon a narrow one, precedes double punctuation."""
    narrow = re.sub(r" (?=[;!?](\s|$))", "\u202f", fr)
    return Words(en=en, fr=re.sub(r" (?=:(\s|$))", "\u00a0", narrow))


def joined(*sentences: Words | None) -> Words:
    """Return the sentences that are there, one after the other."""
    said = [one for one in sentences if one]
    return Words(en=" ".join(one.en for one in said), fr=" ".join(one.fr for one in said))
