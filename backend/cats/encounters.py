"""How often each cat was met, in this process's memory."""

from __future__ import annotations

from collections import OrderedDict

MOST = 10_000
"""Cats that are remembered; the one met longest ago is forgotten first, so that memory stays bounded."""


class Encounters:
    """Counts by seed."""

    def __init__(self, most: int = MOST) -> None:
        """Remember at most so many cats."""
        self.most = most
        self.counts: OrderedDict[str, int] = OrderedDict()

    def meet(self, seed: str) -> int:
        """Count one more encounter with a cat and return how many there were."""
        self.counts[seed] = self.counts.pop(seed, 0) + 1
        if len(self.counts) > self.most:
            self.counts.popitem(last=False)
        return self.counts[seed]
