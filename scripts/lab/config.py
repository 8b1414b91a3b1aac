"""Every setting of the lab, read in one place from the environment and checked at once."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

from lab.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
"""The project's folder, whose manifests and Dockerfiles the lab uses: a clone's, or the one in the wheel."""
INSTALLED = not (ROOT / "Makefile").exists()
"""Whether the lab is installed from its wheel: its folder is read only, and there is no `make`."""

Source = Literal["auto", "published", "packages"]
SOURCES: tuple[Source, ...] = get_args(Source)
Minor = Literal["1.37", "1.35"]
"""The minors of Kubernetes that a cluster may be of, the usual one first."""
MINORS: tuple[Minor, ...] = get_args(Minor)
PROGRAMS = Path(sys.prefix) / "bin"
"""The folder of the lab's own program; in a clone, the course's `kubectl` and `k` are put there."""
CACHE = "chatroulette-lab"
"""The name of the folder with the caches, which `lab clean` removes whole."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_Choice = TypeVar("_Choice", Source, Minor)
_PORTS = range(1024, 65536)


@dataclass(frozen=True)
class Settings:
    """One cluster's names, ports and folders. Everything else about it is looked up live."""

    cluster: str
    front_port: int
    back_port: int
    images: Source
    kubernetes: Minor
    cache: Path
    kubeconfigs: tuple[Path, ...]
    """The files of KUBECONFIG's list, as kubectl reads it: each once, the empty left out."""

    @property
    def context(self) -> str:
        """The kubeconfig context, by kind's own rule: ``kind-`` and the cluster's name."""
        return f"kind-{self.cluster}"

    @property
    def registry(self) -> str:
        """The container of the cluster's image registry; also its host name on kind's network."""
        return f"{self.cluster}-registry"

    @property
    def node(self) -> str:
        """The container of the cluster's only node, by kind's own rule."""
        return f"{self.cluster}-control-plane"

    @property
    def programs(self) -> Path:
        """The folder of the `kubectl` and the `k` that fit; another for another minor, as both clusters may be up."""
        folder = self.cache / "bin" if INSTALLED else PROGRAMS
        return folder if self.kubernetes == MINORS[0] else folder / f"kubernetes-{self.kubernetes}"

    @property
    def front_url(self) -> str:
        return f"http://localhost:{self.front_port}"

    @property
    def back_url(self) -> str:
        return f"http://localhost:{self.back_port}"


def load(env: Mapping[str, str]) -> Settings:
    """Read ``LAB_CLUSTER``, ``LAB_FRONT_PORT``, ``LAB_BACK_PORT``, ``LAB_IMAGES``, ``LAB_KUBERNETES``, ``LAB_CACHE``.

    And the list ``KUBECONFIG``. Raises BadInput for a value that cannot be.
    """
    front, back = _port(env, "LAB_FRONT_PORT", 30080), _port(env, "LAB_BACK_PORT", 30030)
    if front == back:
        raise BadInput(f"LAB_FRONT_PORT and LAB_BACK_PORT are both {front}", "give each service a port of its own")
    return Settings(
        cluster=_cluster(env.get("LAB_CLUSTER") or "cats"),
        front_port=front,
        back_port=back,
        images=_choice(env, "LAB_IMAGES", SOURCES),
        kubernetes=_choice(env, "LAB_KUBERNETES", MINORS),
        cache=_absolute(env.get("LAB_CACHE") or env.get("XDG_CACHE_HOME") or "~/.cache") / CACHE,
        kubeconfigs=_kubeconfigs(env.get("KUBECONFIG") or ""),
    )


def _kubeconfigs(value: str) -> tuple[Path, ...]:
    """Split the list as kubectl and kind do; a `~` in it is a folder of that name, as no shell expanded it."""
    names = dict.fromkeys(filter(None, value.split(os.pathsep)))
    return tuple(Path(name).absolute() for name in names) or (_absolute("~/.kube/config"),)


def _cluster(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput(f"LAB_CLUSTER is {name!r}", "use 1 to 40 of a-z, 0-9 and -, such as `cats`")
    return name


def _choice(env: Mapping[str, str], name: str, choices: tuple[_Choice, ...]) -> _Choice:
    """Return the value of a variable that has a few; the first is the default."""
    value = env.get(name) or choices[0]
    for choice in choices:
        if choice == value:
            return choice
    raise BadInput(f"{name} is {value!r}", f"use one of {', '.join(choices)}")


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or int(value) not in _PORTS:
        raise BadInput(f"{name} is {value!r}", f"use a port from {_PORTS.start} to {_PORTS.stop - 1}")
    return int(value)


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise BadInput("this user has no home folder", "set HOME, or both LAB_CACHE and KUBECONFIG") from None
