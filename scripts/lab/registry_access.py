"""Tell whether published images can be had: the one question that decides between pulling and building."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import requests

from lab import docker

if TYPE_CHECKING:
    from lab.config import Settings

NODE_IMAGE = "chatroulette-node"
"""What the node image is called that is built here; a node of any other is a published one's."""

_ASK = "https://registry-1.docker.io/v2/"


@functools.cache
def published(settings: Settings) -> bool:
    """Tell whether to use published images.

    As ``LAB_IMAGES`` says; where it says ``auto``, as the cluster that is there was made, so that a network that comes
    and goes does not change it; else by asking Docker Hub.
    """
    if settings.images != "auto":
        return settings.images == "published"
    image = _node_image(settings)
    return not image.startswith(NODE_IMAGE) if image else _answers()


def _node_image(settings: Settings) -> str:
    if not docker.installed() or not (found := docker.inspect(settings.node, check=False)):
        return ""
    return str(found["Config"]["Image"])


def _answers() -> bool:
    """Any answer from a registry counts: 401 is what it tells somebody who has not logged in."""
    try:
        return requests.get(_ASK, timeout=2).status_code in {200, 401}
    except requests.RequestException:
        return False
