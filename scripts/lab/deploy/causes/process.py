"""A container whose process does not start, or ends."""

import re
import signal

from lab.deploy.causes.case import Case, Container, Diagnosis, data, explained
from lab.deploy.causes.spec import memory_limit
from lab.kubernetes import pod_status
from lab.kubernetes.objects import Object

_LOG_LINES = 5
_SIGNALS = 128
_KILLED = _SIGNALS + signal.SIGKILL
_SHELL = {126: "a program that may not be executed", 127: "a program that is not there"}
_START_FAILED = {"StartError", "ContainerCannotRun"}
_NOT_CREATED = {"RunContainerError", "CreateContainerError"}


def settings(case: Case, container: Container) -> Diagnosis | None:
    """Name what kubelet lacks to make a container: a ConfigMap, a Secret, a key, a user that is not root."""
    waiting = pod_status.waiting(container.status)
    message = waiting.get("message", "")
    if waiting.get("reason") != "CreateContainerConfigError":
        return None
    words = {"non-root": "identity", "runAsNonRoot": "identity", "subPath": "subpath", "not found": "config"}
    words |= {"find key": "config"}
    entry = next((entry for part, entry in words.items() if part in message), "not-made")
    return case.diagnosis(entry, container.name, message=explained(message, "kubelet"))


def start(case: Case, container: Container) -> Diagnosis | None:
    """Name why the runtime could not start the process."""
    waiting, ended = pod_status.waiting(container.status), pod_status.last_terminated(container.status)
    if pod_status.is_running(container.status):
        return None
    if ended.get("reason") in _START_FAILED:
        message = ended.get("message", "").strip()
    elif waiting.get("reason") in _NOT_CREATED:
        message = waiting.get("message", "").strip()
    else:
        return None
    command = re.search(r'exec: "([^"]+)": (?:stat [^:]+: )?(.+?)(?:: unknown)?$', message)
    words = f"its command {command[1]!r}: {command[2]}" if command else message
    return case.diagnosis("command", container.name, message=explained(words, "process"))


def hook(case: Case, container: Container) -> Diagnosis | None:
    """Name a postStart hook that fails: kubelet kills its container then."""
    message = case.event("FailedPostStartHook", container=container.name)
    if not message:
        return None
    return case.diagnosis("hook", container.name, message=message)


def memory(case: Case, container: Container) -> Diagnosis | None:
    ended = pod_status.last_terminated(container.status)
    if ended.get("reason") != "OOMKilled":
        return None
    limit, code = memory_limit(case, container), ended.get("exitCode")
    return case.diagnosis("memory", container.name, limit=limit, code=code, restarts=_restarts(container.status))


def crash(case: Case, container: Container) -> Diagnosis | None:
    status, ended = container.status, pod_status.last_terminated(container.status)
    if not ended or not pod_status.has_ended(status) or container.kind == "ephemeral":
        return None
    code = _exit(int(ended.get("exitCode", 0)), memory_limit(case, container))
    lines = [line for line in case.logs.get(container.name, "").splitlines() if line.strip()][-_LOG_LINES:]
    words = f"its last words: {' | '.join(lines)}" if lines else "it wrote nothing"
    if meaning := next((text for pattern, text in data()["process"] if re.search(pattern, words)), ""):
        words = f"{meaning}; {words}"
    previous = " --previous" if pod_status.restarts(status) else ""
    return case.diagnosis(
        "crash", container.name, code=code, restarts=_restarts(status), words=words, previous=previous
    )


def still_runs(case: Case, container: Container) -> Diagnosis | None:
    """Name an init container that has not ended, or a sidecar that is not started: all others wait for it."""
    if container.kind not in {"init", "sidecar"} or not pod_status.is_running(container.status):
        return None
    return case.diagnosis(container.kind, container.name, since=pod_status.started_at(container.status))


def _exit(code: int, limit: str) -> str:
    if code == 0:
        return "exit code 0, which is no error, but a Pod's container is expected to go on"
    if code == _KILLED:  # on cgroup v1 the runtime was seen to miss the kernel's word, and to say "Error"
        return (
            "exit code 137 (SIGKILL); who killed it is not known: the kernel at the memory limit "
            f"({limit}) would mostly be told as OOMKilled, a failed liveness probe has an event, "
            "and a process may send the signal or return 137 itself"
        )
    return f"exit code {code}{_meaning(code)}"


def _meaning(code: int) -> str:
    """Explain an exit code by the shell's convention: 126, 127, and 128 + the signal's number (POSIX sh, 2.8.2)."""
    if code in _SHELL:
        return f" ({_SHELL[code]})"
    names = {each.value: each.name for each in signal.Signals}
    return f" ({names.get(code - _SIGNALS, f'signal {code - _SIGNALS}')})" if code > _SIGNALS else ""


def _restarts(status: Object) -> str:
    count = pod_status.restarts(status)
    return "not restarted yet" if not count else f"restarted {count} time{'s' if count > 1 else ''}"
