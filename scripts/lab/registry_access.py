"""Whether published images can be had, which decides between pulling and building."""

import functools

from lab import docker
from lab.config import Settings

NODE_IMAGE = "chatroulette-node"
"""The name of the node image that is built here; a node of any other image is kind's published one."""

_DOCKER_HUB = "https://registry-1.docker.io/v2/"


@functools.cache
def published(settings: Settings) -> bool:
    """Tell whether to use published images.

    ``LAB_IMAGES`` decides; ``auto`` follows an existing cluster's node image, so that a network that comes and goes
    does not change it, and else asks Docker Hub.
    """
    if settings.images != "auto":
        return settings.images == "published"
    node = docker.inspect(settings.node, check=False) if docker.installed() else None
    return not node["Config"]["Image"].startswith(NODE_IMAGE) if node else _answers()


def _answers() -> bool:
    """Ask Docker Hub; 401 is its answer to a request without credentials."""
    import requests  # noqa: PLC0415 - not on the way to `lab --help`

    try:
        return requests.get(_DOCKER_HUB, timeout=2).status_code in {200, 401}
    except requests.RequestException:
        return False
