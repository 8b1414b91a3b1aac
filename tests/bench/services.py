"""The backend on this computer, beside a bare Flask and podinfo: how fast, how soon, how large."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from figures import Bound, Figure, Series

from lab import docker, shell
from lab.cluster import preflight
from lab.cluster.node_image import go_toolchain
from lab.errors import LabError
from lab.images import app

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

PODINFO = "v1.8.1-0.20250910200901-e86405a8674e"
"""podinfo 6.9.2: its tags are none that Go's modules know, hence this name of its commit."""
STARTS, LOADS, WARM_UP, LOAD = 5, 3, 2, 8
CONNECTIONS, THREADS = 20, 1
MIB = 1024
BARE = Path(__file__).with_name("bare.py")
GEVENT = ("--no-control-socket", "--worker-class", "gevent")
_UNITS = {"B": 2**-20, "KiB": 2**-10, "MiB": 1, "GiB": 2**10}


@dataclass(frozen=True)
class Server:
    """A program that answers /version on a port of loopback."""

    name: str
    argv: list[str]
    env: dict[str, str]
    port: int


@dataclass(frozen=True)
class Visit:
    """One start of a server: seconds to its first answer; after a load also requests a second and memory in MiB."""

    first: float
    rate: float | None = None
    pss: float | None = None
    rss: float | None = None


def measure() -> Generator[Figure, None, None]:
    """Start each of the three in turn, five times over, and load each of the first three starts."""
    servers = [_ours(), _bare(), _podinfo()]
    _have_wrk()
    visits: dict[str, list[Visit]] = {server.name: [] for server in servers}
    for number in range(STARTS):
        for server in servers:
            harness.say(f"services: {server.name}, start {number + 1} of {STARTS}")
            visits[server.name].append(_visit(server, load=number < LOADS))
    yield _figure("/version, one worker", "req/s", visits, "rate", Bound("least", 3000))
    yield _figure("First answer after start", "s", visits, "first", Bound("most", 0.5))
    yield _figure("Memory after the load: PSS, all processes", "MiB", visits, "pss", Bound("most", 48))
    yield _figure("The same, RSS: shared pages count twice", "MiB", visits, "rss", None)
    yield from _container()


def rate(said: str) -> float:
    """Read requests a second from what wrk said; raises LabError where an answer was wrong or missing."""
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    wrong = re.search(r"(Non-2xx.*|Socket errors.*)", said)
    if wrong or not found:
        raise LabError(f"wrk: {wrong[0] if wrong else said[-200:]}")
    return float(found[1])


def mebibytes(said: str) -> float:
    """Read the first amount of ``docker stats``' "45.2MiB / 1.9GiB"."""
    found = re.match(r"([\d.]+)(B|KiB|MiB|GiB)\b", said)
    if not found:
        raise LabError(f"docker stats said {said!r}")
    return float(found[1]) * _UNITS[found[2]]


@contextlib.contextmanager
def running(name: str, backend: int = 0) -> Iterator[tuple[int, int]]:
    """Run a service as its image does, for the length of the block; give its port and its process."""
    port = harness.free_port()
    argv = [sys.executable, "-m", "gunicorn", "-c", f"python:{name}.gunicorn_conf", f"{name}:create_app()"]
    env = {"BIND": "127.0.0.1", "PORT": str(port), "DRAIN_SECONDS": "0", "PYTHONUNBUFFERED": "1"}
    with harness.serving(argv, {**env, "BACKEND_URL": f"http://127.0.0.1:{backend}"}) as pid:
        harness.until_answers(port, "/livez", timeout=20)
        yield port, pid


def _figure(name: str, unit: str, visits: dict[str, list[Visit]], field: str, asked: Bound | None) -> Figure:
    ours, *beside = (
        Series(server, tuple(value for visit in seen if (value := getattr(visit, field)) is not None))
        for server, seen in visits.items()
    )
    return Figure(name, unit, ours, tuple(beside), asked)


def _visit(server: Server, *, load: bool) -> Visit:
    began = time.monotonic()
    with harness.serving(server.argv, server.env) as pid:
        harness.until_answers(server.port, "/version", timeout=20, every=0.002)
        first = time.monotonic() - began
        if not load:
            return Visit(first)
        _wrk(server.port, WARM_UP)
        per_second = _wrk(server.port, LOAD)
        pss, rss = memory(pid)
    return Visit(first, per_second, pss, rss)


def _wrk(port: int, seconds: int) -> float:
    words = [f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}/version"]
    return rate(shell.run(["wrk", *words], timeout=seconds + 30).stdout)


def memory(pid: int) -> tuple[float, float]:
    """Return PSS and RSS in MiB, summed over a process and its children."""
    totals = {"Pss": 0, "Rss": 0}
    for one in (pid, *children(pid)):
        text = Path(f"/proc/{one}/smaps_rollup").read_text()
        for field in totals:
            totals[field] += int(re.findall(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)[0])
    return totals["Pss"] / MIB, totals["Rss"] / MIB


def children(pid: int) -> list[int]:
    """Return the numbers of a process's children, theirs and so on."""
    direct = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*direct, *(deeper for child in direct for deeper in children(child))]


def _ours() -> Server:
    port = harness.free_port()
    argv = [sys.executable, "-m", "gunicorn", "-c", "python:backend.gunicorn_conf", "backend:create_app()"]
    env = {"BIND": "127.0.0.1", "PORT": str(port), "DRAIN_SECONDS": "0", "PYTHONUNBUFFERED": "1"}
    return Server("ours", argv, env, port)


def _bare() -> Server:
    port = harness.free_port()
    words = [*GEVENT, "--chdir", str(BARE.parent), "--bind", f"127.0.0.1:{port}"]
    return Server("bare Flask", [sys.executable, "-m", "gunicorn", *words, "bare:app"], {}, port)


def _podinfo() -> Server:
    port = harness.free_port()
    argv = [str(_podinfo_program()), "--host=127.0.0.1", f"--port={port}", "--level=error"]
    return Server("podinfo", argv, {}, port)


def _podinfo_program() -> Path:
    """Build podinfo once, into the cache; Go's own checksum database says that it is the one."""
    program = harness.scratch() / f"podinfo-{PODINFO}"
    if program.exists():
        return program
    harness.say("services: building podinfo, half a minute, once")
    settings = harness.settings()
    go = go_toolchain.ensure(settings, harness.quiet)
    with harness.folder() as work:
        env = {**go_toolchain.environment(settings, go), "GOBIN": str(work)}
        module = f"github.com/stefanprodan/podinfo/cmd/podinfo@{PODINFO}"
        shell.run([go, "install", module], timeout=400, env=env, hint="is Go's module proxy in reach?")
        return (work / "podinfo").rename(program)


def _have_wrk() -> None:
    if not preflight.find_program("wrk"):
        harness.say("services: installing wrk")
        preflight.install([preflight.Program("wrk", ("wrk",))], harness.quiet)


def _container() -> Iterator[Figure]:
    """Load the image as Docker runs it; left out, and said so, where this very code was not built yet."""
    image = app.reference(harness.settings(), "back") if preflight.find_program("docker") and docker.answers() else None
    if image is None or not docker.inspect(image, "image"):
        harness.say("services: no image of this code in Docker, so no memory of its container: `make deploy` builds it")
        return
    harness.say(f"services: {image} in a container, and a bare Flask in the same")
    ours, bare = _working_set(image, bare=False), _working_set(image, bare=True)
    name = "Its container's working set after the load"
    yield Figure(name, "MiB", Series("ours", (ours,)), (Series("bare Flask", (bare,)),))


def _working_set(image: str, *, bare: bool) -> float:
    """Return what Kubernetes would count as the container's memory, in MiB, as ``docker stats`` shows it."""
    flask = ("python3", "-m", "gunicorn", *GEVENT, "--bind", "0.0.0.0:3000", "bare:app") if bare else ()
    words = ("--publish=127.0.0.1::3000", "--env=DRAIN_SECONDS=0", f"--label={harness.LABEL}")
    container = docker.docker("create", *words, image, *flask)
    try:
        docker.docker("cp", BARE, f"{container}:/app/bare.py")
        docker.docker("start", container)
        port = int(docker.docker("port", container, "3000/tcp").splitlines()[0].rpartition(":")[2])
        harness.until_answers(port, "/version", timeout=20)
        _wrk(port, LOAD)
        return mebibytes(docker.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container))
    finally:
        docker.docker("rm", "--force", container)
