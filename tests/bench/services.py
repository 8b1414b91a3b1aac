"""The backend on this computer, beside a bare Flask and podinfo: how fast, how soon, how large."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import harness
import meters
from figures import Bound, Figure, at_least, at_most, figure
from kubernetes.utils import parse_quantity

from lab import docker, shell
from lab.cluster import preflight
from lab.cluster.node_image import go_toolchain
from lab.config import ROOT
from lab.errors import LabError
from lab.images import app

PODINFO = "v1.8.1-0.20250910200901-e86405a8674e"
"""podinfo 6.9.2: its tags are none that Go's modules know, hence this name of its commit."""
STARTS, LOADS, WARM_UP, LOAD = 5, 3, 2, 8
CONNECTIONS, THREADS = 20, 1
BARE = Path(__file__).with_name("bare.py")
GEVENT = ("--no-control-socket", "--worker-class", "gevent")


@dataclass(frozen=True)
class Server:
    """A program that answers on a port of loopback."""

    name: str
    argv: list[str]
    env: dict[str, str]
    port: int

    @contextlib.contextmanager
    def running(self, path: str, interval: float = 0.05) -> Iterator[int]:
        """Run it for the length of the block, once the path answers; yield its process number.

        Raises LabError where it ends early.
        """
        env = {**os.environ, **self.env}
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                self.argv, env=env, cwd=ROOT, stdout=output, stderr=output, text=True, start_new_session=True
            )
            try:
                harness.until_answers(self.port, path, timeout=20, interval=interval)
                yield process.pid
                code = process.poll()
            finally:
                shell.end(process)
            if code is not None:
                output.seek(0)
                raise LabError(f"{self.name} ended with {code} while it was measured: {output.read()[-300:]}")


@dataclass(frozen=True)
class Start:
    """Seconds from a server's start to its first answer; after a load also requests a second and memory in MiB."""

    first: float
    rate: float | None = None
    pss: float | None = None
    rss: float | None = None


def measure() -> Generator[Figure, None, None]:
    """Start each of the three in turn, five times over, and load each of the first three starts."""
    servers = [service("backend", name="ours"), gunicorn_app("bare:app", name="bare Flask"), _podinfo()]
    if not preflight.find_program("wrk"):
        harness.progress("services: installing wrk")
        preflight.install([preflight.Program("wrk", ("wrk",))], harness.quiet)
    starts: dict[str, list[Start]] = {server.name: [] for server in servers}
    for number in range(STARTS):
        for server in servers:
            harness.progress(f"services: {server.name}, start {number + 1} of {STARTS}")
            starts[server.name].append(_start(server, load=number < LOADS))
    yield _figure("/version, one worker", "req/s", starts, "rate", at_least(3000))
    yield _figure("First answer after start", "s", starts, "first", at_most(0.5))
    yield _figure("Memory after the load: PSS, all processes", "MiB", starts, "pss", at_most(48))
    yield _figure("The same, RSS: shared pages count twice", "MiB", starts, "rss", None)
    yield from _container()


def service(module: str, backend: int = 0, name: str = "") -> Server:
    """Return a service as its image runs it; `backend` is the port of the frontend's backend."""
    port = harness.free_port()
    argv = [sys.executable, "-m", "gunicorn", "-c", f"python:{module}.gunicorn_conf", f"{module}:create_app()"]
    env = {"BIND": "127.0.0.1", "PORT": str(port), "DRAIN_SECONDS": "0", "PYTHONUNBUFFERED": "1"}
    return Server(name or module, argv, {**env, "BACKEND_URL": f"http://127.0.0.1:{backend}"}, port)


def gunicorn_app(app_name: str, *options: str, name: str) -> Server:
    """Return an application of this folder under a bare gunicorn."""
    port = harness.free_port()
    words = [*GEVENT, *options, "--chdir", str(BARE.parent), "--bind", f"127.0.0.1:{port}", app_name]
    return Server(name, [sys.executable, "-m", "gunicorn", *words], {}, port)


def rate(output: str) -> float:
    """Read requests a second from wrk's output. Raises LabError where an answer was wrong or missing."""
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    wrong = re.search(r"(Non-2xx.*|Socket errors.*)", output)
    if wrong or not match:
        raise LabError(f"wrk: {wrong[0] if wrong else output[-200:]}")
    return float(match[1])


def _figure(name: str, unit: str, starts: dict[str, list[Start]], field: str, bound: Bound | None) -> Figure:
    values = {
        server: [value for start in all_starts if (value := getattr(start, field)) is not None]
        for server, all_starts in starts.items()
    }
    return figure(name, unit, values.pop("ours"), bound, beside=values)


def _start(server: Server, *, load: bool) -> Start:
    began = time.monotonic()
    with server.running("/version", interval=0.002) as pid:
        first = time.monotonic() - began
        if not load:
            return Start(first)
        _wrk(server.port, WARM_UP)
        per_second = _wrk(server.port, LOAD)
        pss, rss = meters.memory(pid)
    return Start(first, per_second, pss, rss)


def _wrk(port: int, seconds: int) -> float:
    words = [f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}/version"]
    return rate(shell.run(["wrk", *words], timeout=seconds + 30).stdout)


def _podinfo() -> Server:
    port = harness.free_port()
    argv = [str(_podinfo_program()), "--host=127.0.0.1", f"--port={port}", "--level=error"]
    return Server("podinfo", argv, {}, port)


def _podinfo_program() -> Path:
    """Build podinfo once, into the cache; Go's own checksum database says that it is the one."""
    program = harness.scratch() / f"podinfo-{PODINFO}"
    if program.exists():
        return program
    harness.progress("services: building podinfo, half a minute, once")
    settings = harness.settings()
    go = go_toolchain.ensure(settings, harness.quiet)
    with harness.folder() as work:
        env = {**go_toolchain.environment(settings, go), "GOBIN": str(work)}
        module = f"github.com/stefanprodan/podinfo/cmd/podinfo@{PODINFO}"
        shell.run([go, "install", module], timeout=400, env=env, hint="is Go's module proxy in reach?")
        return (work / "podinfo").rename(program)


def _container() -> Iterator[Figure]:
    """Load the image as Docker runs it; left out, and said so, where this very code was not built yet."""
    image = app.reference(harness.settings(), "back") if preflight.find_program("docker") and docker.answers() else None
    if image is None or not docker.inspect(image, "image"):
        harness.progress(
            "services: no image of this code in Docker, so no memory of its container: `make deploy` builds it"
        )
        return
    harness.progress(f"services: {image} in a container, and a bare Flask in the same")
    ours, bare = _working_set(image, bare=False), _working_set(image, bare=True)
    yield figure("Its container's working set after the load", "MiB", ours, beside={"bare Flask": bare})


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
        used = docker.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).split()[0]
        return float(parse_quantity(used.removesuffix("B"))) / meters.MIB
    finally:
        docker.docker("rm", "--force", container)
