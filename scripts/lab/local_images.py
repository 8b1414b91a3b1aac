"""The images that this lab built into the local Docker: of them alone it takes some away again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lab import docker, ownership, shell
from lab.config import Settings

_BUILT = ("io.chatroulette.lab=images", "chatroulette.lab/node-build=done")
_NODE = "io.x-k8s.kind.cluster"


@dataclass(frozen=True)
class Image:
    id: str
    names: tuple[str, ...]
    size: int
    """Bytes, those that it shares with others included."""


def unused(settings: Settings) -> list[Image]:
    """List this lab's images that no container has; those without a mark, an older lab's, if no other lab is here."""
    used = set(_containers("{{.Image}}"))
    filters = [("--filter", f"label={label}") for label in _BUILT]
    ids = dict.fromkeys(id_ for words in filters for id_ in _words("image", "ls", "--quiet", "--no-trunc", *words))
    found = json.loads(docker.docker("image", "inspect", *ids)) if ids else []
    alone = not _others(settings)
    return [
        Image(image["Id"], tuple(image["RepoTags"] or ()), image["Size"])
        for image in found
        if image["Id"] not in used and _is_ours(settings, image["Config"]["Labels"], alone=alone)
    ]


def remove(images: Iterable[Image]) -> None:
    """Remove them; one that a container has got meanwhile stays."""
    for image in images:
        shell.run(["docker", "image", "rm", *(image.names or (image.id,))], timeout=600, check=False)


def _is_ours(settings: Settings, labels: dict[str, str], *, alone: bool) -> bool:
    return ownership.owns(settings, labels) if ownership.LABEL in labels else alone


def _others(settings: Settings) -> bool:
    """Tell whether another lab has a registry or a node here."""
    marks = set(_containers(f'{{{{index .Config.Labels "{ownership.LABEL}"}}}}')) - {ownership.mark(settings)}
    names = _words("ps", "--all", "--filter", f"label={_NODE}", "--format", "{{.Names}}")
    nodes = [(name.removesuffix("-control-plane"), node) for name in names if (node := docker.inspect(name))]
    return bool(marks) or any(
        ownership.cache_of(node) and not ownership.owns_node(settings, node, cluster) for cluster, node in nodes
    )


def _containers(template: str) -> list[str]:
    ids = _words("ps", "--all", "--quiet")
    argv = ["docker", "inspect", "--format", template, *ids]
    return shell.run(argv, timeout=60, check=False).stdout.split() if ids else []  # one may be gone by now


def _words(*args: str) -> list[str]:
    return docker.docker(*args).split()
