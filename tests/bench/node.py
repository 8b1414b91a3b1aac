"""The node image: how large, and with ``--cold`` how long from nothing."""

import resource
import sys
from collections.abc import Generator, Iterator

import harness
import images
from figures import Figure, at_most, figure

from lab import docker, registry_access, shell
from lab.cluster.node_image import build
from lab.errors import LabError

GB = 1e9
LIMIT = 2400
MODULE = "k8s/kind/node/go.mod"


def measure(*, cold: bool) -> Generator[Figure, None, None]:
    """Build the node image in a copy of the project with empty caches, or look at the one that is there."""
    settings = harness.settings()
    if registry_access.published(settings):
        harness.progress("node: an image registry is in reach, so the published node image is used: nothing to measure")
        return
    harness.prepare_docker(settings)
    if cold:
        yield from _from_nothing()
        return
    if not docker.inspect(build.reference(), "image"):
        raise LabError("the node image is not built yet", "make kind-up, or `lab bench node --cold`")
    yield _size(build.reference())


def _from_nothing() -> Iterator[Figure]:
    """A comment in the Go module changes every cache key, so that nothing in Docker or the cache is used."""
    with harness.copy() as copy, harness.folder() as work:
        module = copy.root / MODULE
        module.write_text(f"{module.read_text()}\n// {copy.label}\n")
        env = {name: str(work / name) for name in ("LAB_CACHE", "GOCACHE", "GOMODCACHE")}
        harness.progress("node: the node image from nothing, about six minutes")
        before = _cpu()
        try:
            steps = images.build(copy, "node", {**env, "PIP_NO_CACHE_DIR": "1"}, LIMIT)
            image = steps[-1]["detail"]
            minutes, compiling = sum(step["took"] for step in steps) / 60, steps[1]["took"] / 60
            note = ", ".join(f"{step['step']} {step['took']:.0f} s" for step in steps)
            beside = {"Go's build alone": compiling}
            yield figure("Node image from nothing", "min", minutes, at_most(6), beside=beside, note=note)
            yield figure("CPU of it, without Docker's", "s", _cpu() - before)
            yield _size(image)
        finally:
            _remove(copy)


def _cpu() -> float:
    """Return the CPU seconds of all programs that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _remove(copy: harness.Copy) -> None:
    """Remove the image that the copy names, also where the build was interrupted just after it."""
    program = "from lab.cluster.node_image import build; print(build.reference())"
    words = [sys.executable, "-c", program]
    image = shell.run(words, timeout=60, env=copy.env, cwd=copy.root).stdout.strip()
    if docker.inspect(image, "image"):
        docker.docker("image", "rm", "--force", image)


def _size(image: str) -> Figure:
    return figure("Node image, unpacked", "GB", sum(harness.layers(image)) / GB, at_most(1.5))
