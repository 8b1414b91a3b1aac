"""Run Docker's own client; :mod:`lab.cluster.docker_daemon` starts the daemon."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import shell
from lab.errors import CommandFailed


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
        "permission denied": "sudo usermod -aG docker $USER, then log in again",
        "no such host": "no image registry is in reach: LAB_IMAGES=packages builds the images here",
        "no space left on device": "free some disk; `docker system df` shows what images take",
    }
    hint = next((hint for pattern, hint in hints.items() if pattern in message), "")
    return CommandFailed(done.argv, done.code, message, hint)


def architecture() -> str:
    """Name the daemon's architecture as Go and image registries do: ``amd64`` or ``arm64``."""
    return docker("version", "--format", "{{.Server.Arch}}")


def build(
    context: Path, tag: str, *, args: dict[str, str] | None = None, dockerfile: Path | None = None, timeout: float = 600
) -> None:
    flags = [word for key, value in (args or {}).items() for word in ("--build-arg", f"{key}={value}")]
    if dockerfile:
        flags += ["--file", str(dockerfile)]
    docker("build", "--quiet", *flags, "--tag", tag, context, timeout=timeout)
