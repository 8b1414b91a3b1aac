from __future__ import annotations


class Unavailable(Exception):
    """Redis does not answer: nothing was accepted that could be lost."""
