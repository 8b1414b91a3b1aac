"""Become more than a plain user: root by sudo for one program, a member of Docker's group for the whole command."""

import grp
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from lab import shell
from lab.errors import LabError, TimedOut

SOCKET = Path("/var/run/docker.sock")
_JOINED = "LAB_JOINED_GROUP"
"""Set in the environment of a command that was started again as a member of the group, which happens once."""
_TIMED_OUT = 124
_SILENT = {"DEBIAN_FRONTEND": "noninteractive"}
_PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"})


class NewMember(LabError):
    """The user has become a member of Docker's group, which this process is not in yet."""


def as_root(
    argv: Sequence[str | Path], report: Callable[[str], None], *, timeout: float, check: bool = True, hint: str = ""
) -> None:
    """Run a program as root, through sudo where need be, which may ask for a password on the terminal."""
    if os.geteuid() == 0:
        shell.run(argv, timeout=timeout, check=check, on_line=report, env=_SILENT, hint=hint)
        return
    words = shlex.join(str(word) for word in argv)
    if not shutil.which("sudo"):
        raise LabError("this needs root, and there is no sudo", f"as root, run: {words}")
    report(f"sudo {words}")
    proxies = [f"{name}={value}" for name, value in os.environ.items() if name.lower() in _PROXIES]
    limit = ["timeout", "--foreground", f"{timeout:.0f}"]  # nobody but root can end what root runs
    settings = [*proxies, *(f"{name}={value}" for name, value in _SILENT.items())]
    with subprocess.Popen(["sudo", "env", *settings, *limit, *argv], stdout=sys.stderr) as process:
        code = process.wait()
    if code == _TIMED_OUT:
        raise TimedOut(f"`sudo {words}`", timeout, "", hint)
    if code and check:
        raise LabError(f"`sudo {words}` failed", hint or "see what it said above")


def open_docker_socket(report: Callable[[str], None]) -> NoReturn:
    """Make the user a member of the group that Docker's socket is open to. Raises NewMember, or LabError."""
    group = grp.getgrgid(SOCKET.stat().st_gid).gr_name if SOCKET.exists() else ""
    closed = "Docker runs, but its socket is not open to you"
    if os.environ.get("DOCKER_HOST") or group in {"", "root"}:
        raise LabError(closed, f"see: ls -l {os.environ.get('DOCKER_HOST') or SOCKET}")
    user = pwd.getpwuid(os.getuid()).pw_name
    by_hand = f"sudo usermod -aG {group} {user}, then log in again"
    if user in grp.getgrnam(group).gr_mem:  # and still closed, as a member
        raise LabError(closed, "log out and in again: you are in its group since you logged in")
    try:
        as_root(["usermod", "--append", "--groups", group, user], report, timeout=60)
    except LabError:
        raise LabError(closed, by_hand) from None
    raise NewMember(f"you are a member of the group {group} now, which may use Docker: this goes on as one")


def join_docker_group() -> None:
    """Start this command again as a member of Docker's group, where the user's login is older than the membership."""
    if os.access(SOCKET, os.W_OK) or not SOCKET.exists() or os.environ.get("DOCKER_HOST") or _JOINED in os.environ:
        return
    group, user = grp.getgrgid(SOCKET.stat().st_gid), pwd.getpwuid(os.getuid())
    if user.pw_name not in group.gr_mem or not shutil.which("sg"):
        return
    own = grp.getgrgid(user.pw_gid).gr_name
    command = shlex.join([sys.executable, *sys.orig_argv[1:]])
    inner = shlex.join(["sg", own, "-c", command])  # so that new files belong to the user's own group
    os.environ[_JOINED] = group.gr_name
    os.execvp("sg", ["sg", group.gr_name, "-c", inner])  # noqa: S606 - sg's own shell gets quoted words
