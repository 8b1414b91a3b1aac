"""Forward a port of this computer to a Pod, as ``kubectl port-forward`` does it."""

import contextlib
import re
import subprocess
from collections.abc import Iterator

from lab import shell, waiting
from lab.config import Settings
from lab.errors import LabError
from lab.kubernetes import client
from lab.shell import LineReader

_LISTENING = re.compile(r"Forwarding from \S+:(\d+) ->")


class PortForward:
    """A running ``kubectl port-forward`` and its local ``port``, 0 until it listens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Read both streams of the process."""
        self.port = 0
        self._process = process
        self._stdout, self._stderr = LineReader(process.stdout, self._on_line), LineReader(process.stderr)

    @property
    def is_running(self) -> bool:
        """Tell whether it still forwards: kubectl ends by itself when the Pod is gone."""
        return self._process.poll() is None

    @property
    def errors(self) -> str:
        """What kubectl has printed of errors, such as a connection that was refused in the Pod."""
        return " | ".join(line.strip() for line in self._stderr.lines if line.strip())

    def end(self) -> None:
        """End kubectl, and wait until all that it printed is read."""
        shell.end(self._process)
        self._stderr.text()

    def _on_line(self, line: str) -> None:
        listening = _LISTENING.search(line)
        if listening:
            self.port = int(listening[1])


@contextlib.contextmanager
def port_forward(  # noqa: PLR0913 - what `kubectl port-forward` takes
    settings: Settings, target: str, port: int, *, namespace: str, local: int = 0, timeout: float = 10
) -> Iterator[PortForward]:
    """Forward ``local`` on 127.0.0.1 (0: any free one) to a port of ``target`` (``pod/name``) until the block ends.

    Raises LabError with kubectl's message where it does not start, TimedOut after ``timeout`` seconds.
    """
    args = ("port-forward", "--address=127.0.0.1", f"--namespace={namespace}", target, f"{local or ''}:{port}")
    process = shell.start(client.kubectl_command(settings, *args))
    if process.stdin:
        process.stdin.close()
    forward = PortForward(process)

    def poll() -> tuple[bool, str]:
        return bool(forward.port) or not forward.is_running, forward.errors

    try:
        waiting.until(f"a port-forward to {target}", poll, timeout=timeout, interval=0.02, hint="is the Pod Running?")
        if not forward.port:
            forward.end()
            raise _failure(target, port, local, forward.errors)
        yield forward
    finally:
        forward.end()


def _failure(target: str, port: int, local: int, message: str) -> LabError:
    if "unable to listen" in message.lower():
        return LabError(
            f"port {local} of this computer is taken, so nothing is forwarded to {target}: {message}",
            f"end what has it (`ss -ltnp 'sport = :{local}'` names it), or choose another port",
        )
    return LabError(f"port {port} of {target} cannot be forwarded: {message or 'kubectl ended without a word'}")
