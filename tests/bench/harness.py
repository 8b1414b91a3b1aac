"""What every family of measurements needs: progress, timing, servers, a copy of the project."""

import contextlib
import functools
import http
import os
import re
import shutil
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import urllib3

from lab import config, docker, shell, steps, waiting
from lab.cluster import docker_daemon, preflight
from lab.config import ROOT
from lab.steps import Event, Report

LABEL = "chatroulette.bench"
_LEFT_OUT = (".git", ".venv", ".*_cache", "__pycache__", "*.pyc", "node_modules")
_FROM = re.compile(r"^FROM .*$", re.MULTILINE)

quiet = Report(lambda _event: None, Event("start", "bench"))
"""A report for steps of the lab's whose progress nobody reads here."""


def progress(text: str) -> None:
    """Write to stderr, apart from the results."""
    sys.stderr.write(f"• {text}\n")
    sys.stderr.flush()


def settings() -> config.Settings:
    """Read the person's own settings: their cache is what "everything cached" means."""
    return config.load(os.environ)


def prepare_docker(chosen: config.Settings) -> None:
    """Install what the machine lacks, and start Docker where it does not answer."""
    steps.run([*preflight.steps(chosen), *docker_daemon.steps(chosen)], lambda _event: None)


def seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def free_port() -> int:
    """Return a port of loopback that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_answers(port: int, path: str, timeout: float, interval: float = 0.05) -> bytes:
    """Request the path until it answers 200; return the body. Raises TimedOut."""
    url, answer = f"http://127.0.0.1:{port}{path}", b""

    def request() -> tuple[bool, str]:
        nonlocal answer
        try:
            response = urllib3.request("GET", url, timeout=5, retries=False, headers={"Connection": "close"})
        except urllib3.exceptions.HTTPError as error:
            return False, str(error)
        answer = response.data
        return response.status == http.HTTPStatus.OK, f"{response.status} {answer[:80]!r}"

    waiting.until(url, request, timeout=timeout, interval=interval)
    return answer


@functools.cache
def scratch() -> Path:
    """Return the folder of the benchmarks in the cache: a node image from nothing does not fit into every /tmp."""
    folder = settings().cache / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Yield an empty folder, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=scratch()) as path:
        yield Path(path)


@dataclass(frozen=True)
class Copy:
    """A copy of the project, its label on some of its images: what it builds is new to Docker, and known by it."""

    root: Path
    label: str

    @property
    def env(self) -> dict[str, str]:
        """Makes Python find the copy's `lab` before the installed one."""
        return {"PYTHONPATH": str(self.root / "scripts")}


@contextlib.contextmanager
def copy(*dockerfiles: str) -> Iterator[Copy]:
    """Copy the project as it is in this folder; the images of these Dockerfiles get a label of this run's.

    The label changes the content, so that neither the lab nor Docker's build cache has it; other people's images are
    not touched. Images with the label are removed afterwards.
    """
    with folder() as work:
        project = Copy(work / "project", f"{LABEL}={uuid.uuid4().hex}")
        shutil.copytree(ROOT, project.root, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        for name in dockerfiles:
            path = project.root / name
            path.write_text(_FROM.sub(rf"\g<0>\nLABEL {project.label}", path.read_text()))
        try:
            yield project
        finally:
            remove_images(project.label)


def remove_images(label: str) -> None:
    """Remove the images with this label from the local Docker."""
    images = docker.docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"label={label}").split()
    if images:
        shell.run(["docker", "image", "rm", "--force", *dict.fromkeys(images)], timeout=120, check=False)


def layers(image: str) -> list[int]:
    """Return the sizes of an image's layers, unpacked, in bytes, the base first."""
    sizes = docker.docker("history", "--no-trunc", "--human=false", "--format", "{{.Size}}", image)
    return [int(size) for size in reversed(sizes.split())]


def alternate(
    times: int, ours: Callable[[], float], beside: Callable[[], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measure both in turn, so that a busy moment of the machine meets both; return all values of each."""
    pairs = [(ours(), beside()) for _ in range(times)]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
