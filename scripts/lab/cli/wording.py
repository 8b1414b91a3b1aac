"""How commands are named to the person: as make's targets in a clone, as the lab's own where it is installed."""

import re

from lab import config

_MAKE = re.compile(r"\bmake (?=kind-|deploy|undeploy|verify|status|open|debug|doctor|learn|prune|clean)")
_SHAPE = re.compile(r"\bSHAPE=(\w+)")


def hint(text: str, *, installed: bool = config.INSTALLED) -> str:
    """Return the text with the commands that are there."""
    return _SHAPE.sub(r"--shape \1", _MAKE.sub("lab ", text)) if installed else text
