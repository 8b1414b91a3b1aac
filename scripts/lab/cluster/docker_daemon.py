"""The Docker daemon: started where none answers, also on a machine without systemd or without every capability."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from lab import docker, host, privileges, waiting
from lab.cluster import runc_wrapper
from lab.config import Settings
from lab.errors import LabError
from lab.steps import Report, Step

START_SECONDS = 60
_DOCKERD_PID = Path("/var/run/docker.pid")
_PID_FILES = {_DOCKERD_PID: "dockerd", Path("/var/run/docker/containerd/containerd.pid"): "containerd"}
_SYSTEMD, _SYSV = Path("/run/systemd/system"), Path("/etc/init.d/docker")
PROC = Path("/proc")


def steps(settings: Settings) -> list[Step]:
    def done() -> str | None:
        return "it answers" if docker.answers() else None

    return [Step("Start Docker", lambda report: _start(settings, report), done, expected=10)]


def stop(settings: Settings) -> bool:
    """Stop the daemon if the lab started it and nothing else runs on it; tell whether it was stopped."""
    pid = _own_pid(settings)
    if pid is None or docker.docker("ps", "--quiet"):
        return False
    os.kill(pid, signal.SIGTERM)
    waiting.until("Docker to stop", lambda: (_own_pid(settings) is None, f"process {pid}"), timeout=60)
    _pid_file(settings).unlink(missing_ok=True)
    return True


def files_in_use(settings: Settings) -> list[Path]:
    """Name the files that a daemon which the lab started, and which still runs, goes on using."""
    return [] if _own_pid(settings) is None else [_log(settings), _pid_file(settings), _wrapper(settings)]


def missing_capabilities(status: str) -> bool:
    """Tell, from the text of ``/proc/self/status``, whether this host withholds capabilities from containers.

    ``runc`` then refuses privileged containers: "unable to apply caps". The highest capability is taken from the mask
    itself (capabilities(7)): a full bounding set has no gap.
    """
    mask = runc_wrapper.bounding_mask(status)
    return mask != (1 << mask.bit_length()) - 1


def _start(settings: Settings, report: Report) -> str:
    problem = docker.problem()
    if host.is_linux() and _is_closed(problem):
        privileges.open_docker_socket(report)
    why, fix = docker.explain(problem, host.current(), docker.endpoint())
    if not (host.is_linux() and "make kind-up" in fix):
        raise LabError(f"Docker does not answer: {why}", fix)
    if _SYSTEMD.exists():
        privileges.as_root(["systemctl", "start", "docker"], report, timeout=120)
        how, hint = "through systemd", "see: journalctl -u docker"
    elif os.geteuid() and _SYSV.exists():
        privileges.as_root(["service", "docker", "start"], report, timeout=120)
        how, hint = "by its init script, as there is no systemd", "see: /var/log/docker.log"
    else:
        _spawn(settings)
        how, hint = "by hand, as there is no systemd", f"its log is {_log(settings)}"
    waiting.until("Docker to answer", lambda: _state(settings, report), timeout=START_SECONDS, interval=0.3, hint=hint)
    return f"started {how}"


def _is_closed(problem: str) -> bool:
    return "permission denied" in problem


def _state(settings: Settings, report: Report) -> tuple[bool, str]:
    problem = docker.problem()
    if not problem:
        return True, "it answers"
    if _is_closed(problem):
        privileges.open_docker_socket(report)
    if not _SYSTEMD.exists() and not os.geteuid() and _own_pid(settings) is None:
        raise LabError(f"dockerd ended: {_last_log_line(settings)}", f"its whole log is {_log(settings)}")
    return False, _last_log_line(settings)


def _spawn(settings: Settings) -> None:
    """Start ``dockerd`` so that it outlives the lab; its pid file tells ``stop`` that the lab started it."""
    if os.geteuid():
        raise LabError("no Docker daemon answers, and without systemd only root can start one", "as root: dockerd &")
    settings.cache.mkdir(parents=True, exist_ok=True)
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    program = shutil.which("dockerd", path=path)
    if program is None:
        raise LabError("there is no dockerd on this machine", "run `make kind-up` on Debian, or install Docker")
    if _wait_for_another():
        return
    for file, name in _PID_FILES.items():
        if live_pid(file, name) is None:
            file.unlink(missing_ok=True)  # its pid may be another program's by now, and Docker trusts it
    with _log(settings).open("wb") as log:
        process = subprocess.Popen(
            [program, *_runtime(settings)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PATH": path},
        )
    _pid_file(settings).write_text(str(process.pid))


def _runtime(settings: Settings) -> list[str]:
    """Return dockerd's flags for a runtime that asks for no capability that this host withholds."""
    if not missing_capabilities(Path("/proc/self/status").read_text()):
        return []
    wrapper = _wrapper(settings)
    wrapper.write_text(f"#!{Path(sys.executable).resolve()} -IS\n{Path(runc_wrapper.__file__).read_text()}")
    wrapper.chmod(0o755)
    return ["--add-runtime", f"within-bounds={wrapper}", "--default-runtime", "within-bounds"]


def _wait_for_another() -> bool:
    """Wait for a dockerd that is starting or ending, and tell whether it answers: there can be only one."""
    pid = live_pid(_DOCKERD_PID, "dockerd")
    if pid is None:
        return False
    waiting.until(
        f"the dockerd that is there (process {pid}) to answer or to end",
        lambda: (docker.answers() or live_pid(_DOCKERD_PID, "dockerd") is None, "neither yet"),
        timeout=START_SECONDS,
        hint=f"end it, then run this again: kill {pid}",
    )
    return docker.answers()


def _own_pid(settings: Settings) -> int | None:
    return live_pid(_pid_file(settings), "dockerd")


def live_pid(file: Path, name: str) -> int | None:
    """Return the pid in a file where that program runs under it; None where it has ended (proc(5)), or left no pid."""
    try:
        pid = int(file.read_text())
        status = (PROC / str(pid) / "status").read_text()
    except (OSError, ValueError):
        return None
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return pid if fields.get("Name") == name and fields.get("State", "X")[0] not in "ZX" else None


def _last_log_line(settings: Settings) -> str:
    lines = _log(settings).read_text(errors="replace").splitlines() if _log(settings).exists() else []
    return lines[-1][:300] if lines else "it has said nothing"


def _log(settings: Settings) -> Path:
    return settings.cache / "dockerd.log"


def _wrapper(settings: Settings) -> Path:
    return settings.cache / "runc-within-bounds"


def _pid_file(settings: Settings) -> Path:
    return settings.cache / "dockerd.pid"
