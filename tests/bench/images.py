"""The services' images: how long from nothing, and how large.

"From nothing" touches no image and no cache that is there: it runs in a copy of the project, with a cache of its own,
and with one label more in each Dockerfile, so that neither the lab nor Docker has any of it yet.
"""

import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import harness
from figures import Figure, at_most, figure

from lab import registry_access, shell
from lab.config import ROOT
from lab.images import app, dependencies, recipes

DOCKERFILES = (
    "k8s/images/python/Dockerfile",
    "k8s/images/dependencies/Dockerfile",
    "backend/Dockerfile",
    "frontend/Dockerfile",
)
DRIVER = Path(__file__).with_name("from_nothing.py")
MB, KB = 1e6, 1e3
_TIMEOUT = 600


def measure() -> Generator[Figure, None, None]:
    """Build both images once in a copy of the project, then look at their layers."""
    settings = harness.settings()
    harness.prepare_docker(settings)
    with harness.copy(*DOCKERFILES) as copy, harness.folder() as cache:
        harness.progress("images: both services from nothing, about half a minute")
        built = build(copy, "services", {"LAB_CACHE": str(cache / "cache"), "PIP_NO_CACHE_DIR": "1"}, _TIMEOUT)
        harness.progress("images: what the downloads alone take")
        floor = {"downloads alone": harness.seconds(lambda: _downloads(cache))}
        seconds = sum(step["took"] for step in built)
        note = ", ".join(f"{step['step']} {step['took']:.1f} s" for step in built)
        yield figure("Both services' images from nothing", "s", seconds, at_most(60), beside=floor, note=note)
        base = sum(harness.layers(built[0]["detail"]))
        for image in built[-1]["detail"].split():
            yield _size(image, base)


def build(copy: harness.Copy, what: str, env: dict[str, str], timeout: float) -> list[dict[str, Any]]:
    """Run the copy's steps and return what each took. Raises CommandFailed."""
    done = shell.run([sys.executable, DRIVER, what], timeout=timeout, env={**copy.env, **env}, cwd=copy.root)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _size(image: str, base: int) -> Figure:
    sizes = harness.layers(image)
    code = next(size for size in reversed(sizes) if size)
    dependencies = sum(sizes) - base - code
    parts = f"base {base / MB:.1f}, dependencies {dependencies / MB:.1f}, code {code / MB:.2f}: {code / KB:.0f} kB"
    name = f"{image.partition(':')[0]}, unpacked"
    floor = {"its Python alone": base / MB}
    return figure(name, "MB", sum(sizes) / MB, at_most(120), beside=floor, note=parts)


def _downloads(work: Path) -> None:
    """Do what no build from nothing can do without: unpack the same Debian packages, fetch the same wheels."""
    if not registry_access.published(harness.settings()):
        names = ",".join(recipes.packages(app.PYTHON))
        words = ["--quiet", "--variant=extract", f"--include={names}", recipes.SUITE, str(work / "root.tar")]
        shell.run(["mmdebstrap", *words], timeout=_TIMEOUT)
    for service in ("backend", "frontend"):
        lock = ROOT / service / "requirements.lock"
        words = ["--quiet", "--no-deps", "--require-hashes", "--no-cache-dir", "--only-binary=:all:"]
        words += [f"--python-version={dependencies.PYTHON}", "--dest", str(work / service), "--requirement", str(lock)]
        shell.run([sys.executable, "-m", "pip", "download", *words], timeout=_TIMEOUT)
