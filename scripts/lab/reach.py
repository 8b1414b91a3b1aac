"""Tell whether published images can be had: the one question that decides between pulling and building."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from lab.config import Settings

_ASK = "https://registry-1.docker.io/v2/"


def published(settings: Settings) -> bool:
    """Tell whether to use published images: as ``LAB_IMAGES`` says, and by asking Docker Hub where it says ``auto``."""
    return _answers() if settings.images == "auto" else settings.images == "published"


@functools.cache
def _answers() -> bool:
    """Any answer from a registry counts: 401 is what it tells somebody who has not logged in."""
    try:
        return requests.get(_ASK, timeout=2).status_code in {200, 401}
    except requests.RequestException:
        return False
