"""Forward a port of this computer to a Pod, as ``kubectl port-forward`` does it."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import IO, TYPE_CHECKING

from lab import shell
from lab.errors import LabError, TimedOut
from lab.kubernetes import client

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from lab.config import Settings

_LISTENING = re.compile(r"Forwarding from \S+:(\d+) ->")


class PortForward:
    """A running ``kubectl port-forward``: its local ``port``, and the ``errors`` that it has printed.

    An error is, for example, a connection that was refused in the Pod.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Read both streams of the process to their ends, so that it never blocks."""
        self.port = 0
        self.errors: list[str] = []
        self._process = process
        self._listening_or_ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._read_output, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        """Tell whether it still forwards: kubectl ends by itself when the Pod is gone."""
        return self._process.poll() is None

    def wait(self, timeout: float) -> bool:
        """Wait until it listens or has ended; False where it does neither in time."""
        return self._listening_or_ended.wait(timeout)

    def join(self) -> None:
        """Wait until all that kubectl printed is read."""
        for thread in self._threads:
            thread.join(2)

    def _read_output(self, stream: IO[str] | None) -> None:
        with stream or contextlib.nullcontext(()) as lines:
            for line in lines:
                listening = _LISTENING.search(line)
                if listening:
                    self.port = int(listening[1])
                    self._listening_or_ended.set()
        self._listening_or_ended.set()

    def _read_errors(self, stream: IO[str] | None) -> None:
        with stream or contextlib.nullcontext(()) as lines:
            self.errors.extend(line.strip() for line in lines if line.strip())


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
    try:
        if not forward.wait(timeout):
            raise TimedOut(f"a port-forward to {target}", timeout, " | ".join(forward.errors), "is the Pod Running?")
        if not forward.port:
            forward.join()
            raise _failure(target, port, local, " | ".join(forward.errors))
        yield forward
    finally:
        shell.end(process)
        forward.join()


def _failure(target: str, port: int, local: int, message: str) -> LabError:
    if "unable to listen" in message.lower():
        return LabError(
            f"port {local} of this computer is taken, so nothing is forwarded to {target}: {message}",
            f"end what has it (`ss -ltnp 'sport = :{local}'` names it), or choose another port",
        )
    return LabError(f"port {port} of {target} cannot be forwarded: {message or 'kubectl ended without a word'}")
