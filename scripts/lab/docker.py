"""Run Docker's own client; :mod:`lab.cluster.docker_daemon` starts the daemon."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import host, ownership, shell
from lab.config import Settings
from lab.errors import CommandFailed

OPEN_SOCKET = "sudo usermod -aG docker $USER, then log in again"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def docker(*args: str | Path, timeout: float = 60, on_line: Callable[[str], None] | None = None) -> str:
    """Run ``docker`` with these arguments and return its standard output, stripped; raises CommandFailed."""
    done = shell.run(["docker", *args], timeout=timeout, on_line=on_line, check=False)
    if done.code:
        raise _failure(done)
    return done.stdout.strip()


def answers() -> bool:
    return not problem()


def problem() -> str:
    """Return what the client says where no daemon answers; empty where one does."""
    done = shell.run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=15, check=False)
    return "" if done.code == 0 else done.stderr.strip() or f"docker version ended with {done.code}"


def info() -> dict[str, Any]:
    details: dict[str, Any] = json.loads(docker("info", "--format", "{{json .}}"))
    return details


def endpoint() -> str:
    """Return the daemon's address: by ``DOCKER_HOST``, else by the context that is in use."""
    if (address := os.environ.get("DOCKER_HOST")) or not installed():
        return address or ""
    argv = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    return shell.run(argv, timeout=15, check=False).stdout.strip()


def is_remote(address: str) -> bool:
    """Tell whether a daemon is reached over a network and is not this computer's own."""
    url = urlsplit(address)
    return url.scheme == "ssh" or (url.scheme in {"tcp", "http", "https"} and url.hostname not in _LOOPBACK)


def is_desktop(address: str) -> bool:
    """Tell Docker Desktop's daemon, which is in a virtual machine, by its socket."""
    return "/.docker/" in address or "docker-desktop" in address


def explain(problem: str, kind: host.Host, address: str) -> tuple[str, str]:
    """Return why no daemon answers and what to do, by what the client says, the computer, and the daemon's address."""
    if "permission denied" in problem:
        return "its socket is not open to you", OPEN_SOCKET
    if is_remote(address):
        return f"the daemon at {address} does not answer", "unset DOCKER_HOST; docker context use default"
    if "WSL" in problem:
        return "Docker Desktop is not connected to this WSL", "Docker Desktop: Settings, Resources, WSL integration"
    if kind == "macos" or is_desktop(address):
        return "Docker Desktop is stopped", "start Docker Desktop (or colima), then run this again"
    return "no daemon answers", "`make kind-up` starts it"


def installed() -> bool:
    return shutil.which("docker") is not None


def inspect(name: str, kind: str = "container", *, check: bool = True) -> dict[str, Any] | None:
    """Return Docker's details of a container, image, network or volume; None where there is none of that name.

    Raises CommandFailed where Docker does not answer, unless ``check`` is off.
    """
    done = shell.run(["docker", kind, "inspect", name], timeout=30, check=False)
    if done.code == 0:
        details: dict[str, Any] = json.loads(done.stdout)[0]
        return details
    if not check or "no such" in done.stderr.lower() or "not found" in done.stderr.lower():
        return None
    raise _failure(done)


def _failure(done: shell.Completed) -> CommandFailed:
    """Return Docker's own message, and what to do where that is known."""
    message = done.stderr.strip() or done.stdout
    hints = {
        "Cannot connect to the Docker daemon": "`make kind-up` starts it",
        "permission denied": OPEN_SOCKET,
        "no such host": "no image registry is in reach: LAB_IMAGES=packages builds the images here",
        "no space left on device": "free some disk; `docker system df` shows what images take",
    }
    hint = next((hint for pattern, hint in hints.items() if pattern in message), "")
    return CommandFailed(done.argv, done.code, message, hint)


def architecture() -> str:
    """Name the daemon's architecture as Go and image registries do: ``amd64`` or ``arm64``."""
    return docker("version", "--format", "{{.Server.Arch}}")


def build(
    settings: Settings, context: Path, tag: str, *, args: dict[str, str] | None = None, dockerfile: Path | None = None
) -> None:
    """Build an image that carries this lab's mark."""
    flags = [word for key, value in (args or {}).items() for word in ("--build-arg", f"{key}={value}")]
    if dockerfile:
        flags += ["--file", str(dockerfile)]
    docker("build", "--quiet", "--label", ownership.label(settings), *flags, "--tag", tag, context, timeout=600)
