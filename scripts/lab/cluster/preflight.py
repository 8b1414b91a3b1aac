"""What this machine needs before a cluster can come up, and how the lab gets it where it can."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import docker, host, ports, privileges, registry_access, shell
from lab.cluster import machine_checks
from lab.config import Settings
from lab.errors import LabError
from lab.results import Requirement
from lab.steps import Report, Step

GIB = 2**30
DISK = 12 * GIB
"""Free space that a build of everything from nothing takes, with the caches of its tools."""


@dataclass(frozen=True)
class Program:
    """A program that has to be there, and the Debian packages that bring it, in the order to try them."""

    name: str
    packages: tuple[str, ...]


DOCKER = (Program("docker", ("docker-cli", "docker.io")),)
DAEMON = (Program("dockerd", ("docker.io",)), Program("iptables", ("iptables",)))
"""What is asked for on Linux alone: elsewhere the daemon is in Docker Desktop's virtual machine."""
NO_REGISTRY = (Program("mmdebstrap", ("mmdebstrap",)),)
REDIS = (Program("redis-server", ("redis-server",)),)
BROWSER = (Program("chromium", ("chromium",)), Program("chromedriver", ("chromium-driver",)))


def steps(settings: Settings) -> list[Step]:
    """Return the step that brings what is missing; it names everything at once where it cannot."""

    def missing() -> list[Program]:
        return lacking(_needed(settings))

    def done() -> str | None:
        return None if missing() else "nothing is missing"

    return [Step("Check what this machine needs", lambda report: install(missing(), report), done, expected=60)]


def authenticate(settings: Settings) -> None:
    """Let sudo ask for its password before anything else is on the terminal, where it will be needed."""
    if os.geteuid() == 0 or not shutil.which("sudo") or not sys.stdin.isatty():
        return
    needed = _needed(settings)
    tasks = [f"install {program.name}" for program in lacking(needed)]
    if docker.installed() and "permission denied" in docker.problem():
        tasks.append("open Docker's socket to you")
    if set(NO_REGISTRY) & set(needed) and not (settings.cache / "node").exists():
        tasks.append("unpack Debian's packages")
    if tasks:
        sys.stderr.write(f"sudo is needed to {', '.join(tasks)}\n")
        subprocess.run(["sudo", "--validate"], check=False)


def install(programs: Sequence[Program], report: Report) -> str:
    """Install the programs from Debian's packages, as root or with sudo; raises LabError that names them."""
    names = ", ".join(program.name for program in programs)
    if not programs:
        return "nothing is missing"
    if not shutil.which("apt-get"):
        raise LabError(
            f"this machine lacks {names}", "install them with your system's package manager, then run this again"
        )
    report(f"installing {names}: reading Debian's package lists")
    _apt(["update", "-qq"], report, check=False)  # one unreachable source of several must not stop the others
    packages = sorted({_package(program) for program in programs})
    report(f"installing {' '.join(packages)}")
    _apt(["install", "--yes", "--no-install-recommends", *packages], report)
    return f"installed {' '.join(packages)}"


def requirements(settings: Settings) -> list[Requirement]:
    """Look at everything that the lab needs, for ``lab doctor``; changes nothing."""
    pulls = registry_access.published(settings)
    registry = "in reach: published images are pulled" if pulls else "not in reach: images are built here"
    python = sys.version_info >= (3, 11)
    return [
        Requirement("Python", python, platform.python_version(), "install Python 3.11 or newer"),
        Requirement("system", ok=True, seen=_system()),
        _memory(),
        _disk(settings),
        _docker(),
        *(_program(program) for program in _needed(settings)),
        _port(settings, "page", settings.front_port),
        _port(settings, "backend", settings.back_port),
        Requirement("image registry", ok=True, seen=registry),
        *machine_checks.requirements(settings),
    ]


def _needed(settings: Settings) -> tuple[Program, ...]:
    answers, address = docker.installed() and docker.answers(), docker.endpoint()
    is_ours = host.is_linux() and not (docker.is_desktop(address) or docker.is_remote(address))
    daemon = () if answers else (*DOCKER, *DAEMON) if is_ours else DOCKER
    return daemon if registry_access.published(settings) else (*daemon, *NO_REGISTRY)


def lacking(programs: Sequence[Program]) -> list[Program]:
    return [program for program in programs if not find_program(program.name)]


def find_program(name: str) -> str | None:
    """Find a program, also where only root's PATH leads."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _package(program: Program) -> str:
    """Choose the first package that this Debian has: 13 put the Docker client in a package of its own."""
    for name in program.packages[:-1]:
        policy = shell.run(["apt-cache", "policy", name], timeout=30, env={"LC_ALL": "C"}).stdout
        if policy and "Candidate: (none)" not in policy:
            return name
    return program.packages[-1]


def _apt(args: Sequence[str], report: Report, *, check: bool = True) -> None:
    privileges.as_root(["apt-get", "-o", "DPkg::Lock::Timeout=120", *args], report, timeout=900, check=check)


def _system() -> str:
    cgroup = "cgroup v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "cgroup v1"
    return f"{platform.system()} {platform.machine()}, {cgroup}, {os.cpu_count()} cores"


def _memory() -> Requirement:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Requirement("memory", total >= 3 * GIB, f"{total / GIB:.0f} GiB", "the cluster wants 3 GiB or more")


def _disk(settings: Settings) -> Requirement:
    existing = next(folder for folder in (settings.cache, *settings.cache.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    need = 2 * GIB if settings.cache.exists() or registry_access.published(settings) else DISK
    fix = f"free {need / GIB:.0f} GiB, or set LAB_CACHE to a folder on a larger disk"
    return Requirement("disk", free >= need, f"{free / GIB:.0f} GiB free", fix)


def _docker() -> Requirement:
    if not docker.installed():
        return Requirement("Docker", ok=False, seen="not installed", fix="`make kind-up` installs it on Debian")
    problem = docker.problem()
    if not problem:
        return Requirement("Docker", ok=True, seen="it answers")
    seen, fix = docker.explain(problem, host.current(), docker.endpoint())
    return Requirement("Docker", ok=False, seen=seen, fix=fix)


def _program(program: Program) -> Requirement:
    path = find_program(program.name)
    fix = f"`make kind-up` installs Debian's {program.packages[-1]}"
    return Requirement(program.name, path is not None, path or "not there", fix)


def _port(settings: Settings, name: str, port: int) -> Requirement:
    """Tell whether the port is free, or held by this cluster's own node."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            container = _containers_on(port)
            seen = f"held by {f'the container {container}' if container else ports.listener(port) or 'another program'}"
            variable = "LAB_FRONT_PORT" if name == "page" else "LAB_BACK_PORT"
            fix = f"end what holds it, or choose another: {variable}={port + 1000}"
            return Requirement(f"port {port}", ok=container == settings.node, seen=seen, fix=fix)
    return Requirement(f"port {port}", ok=True, seen=f"free, for the {name}")


def _containers_on(port: int) -> str:
    if not (docker.installed() and docker.answers()):
        return ""
    return docker.docker("ps", "--filter", f"publish={port}", "--format", "{{.Names}}")
