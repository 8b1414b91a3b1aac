"""Forward a port of this computer to a Pod, as ``kubectl port-forward`` does it: it is the mature one."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import IO, TYPE_CHECKING

from lab import shell
from lab.deploy.status import namespace as deployed_in
from lab.errors import LabError, TimedOut
from lab.kubernetes import client

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from lab.config import Settings

_LISTENS = re.compile(r"Forwarding from \S+:(\d+) ->")


class _Words:
    """Reads both streams to their ends, so that kubectl never blocks, and keeps what matters: the port, the errors."""

    def __init__(self, process: subprocess.Popen[str], errors: list[str]) -> None:
        self.port = 0
        self.errors = errors
        self.told = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._complain, args=(process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until kubectl's last words are read."""
        for thread in self._threads:
            thread.join(2)

    def _listen(self, stream: IO[str] | None) -> None:
        with stream or contextlib.nullcontext(()) as lines:
            for line in lines:
                found = _LISTENS.search(line)
                if found:
                    self.port = int(found[1])
                    self.told.set()
        self.told.set()  # the stream's end: it will say nothing more

    def _complain(self, stream: IO[str] | None) -> None:
        with stream or contextlib.nullcontext(()) as lines:
            self.errors.extend(line.strip() for line in lines if line.strip())


@contextlib.contextmanager
def forward(  # noqa: PLR0913 - what `kubectl port-forward` takes
    settings: Settings,
    target: str,
    port: int,
    local: int = 0,
    *,
    namespace: str = "",
    timeout: float = 10,
    said: list[str] | None = None,
) -> Iterator[int]:
    """Forward ``local`` on 127.0.0.1 (0: any free one) to a port of ``target`` (``pod/name``); yield the local one.

    Without a ``namespace``, the one that the services are deployed in. Ends with the block; ``said`` then holds what
    kubectl complained of, such as a dial in the Pod that was refused. Raises LabError with kubectl's words where it
    does not start, TimedOut after ``timeout`` seconds.
    """
    with forwarding(settings, target, port, namespace=namespace, local=local, timeout=timeout, said=said) as (made, _):
        yield made


@contextlib.contextmanager
def forwarding(  # noqa: PLR0913 - what `kubectl port-forward` takes
    settings: Settings,
    target: str,
    port: int,
    *,
    namespace: str = "",
    local: int = 0,
    timeout: float = 10,
    said: list[str] | None = None,
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Do as ``forward``, and yield kubectl's process too: it ends by itself when the Pod that it dials is gone."""
    space = namespace or deployed_in(settings)
    words = ("port-forward", "--address=127.0.0.1", f"--namespace={space}", target, f"{local or ''}:{port}")
    process = shell.start(client.command(settings, *words))
    if process.stdin:
        process.stdin.close()
    heard = _Words(process, [] if said is None else said)
    try:
        if not heard.told.wait(timeout):
            raise TimedOut(f"a port-forward to {target}", timeout, " | ".join(heard.errors), "is the Pod Running?")
        if not heard.port:
            heard.join()
            raise _refused(target, port, local, " | ".join(heard.errors))
        yield heard.port, process
    finally:
        shell.end(process)
        heard.join()


def _refused(target: str, port: int, local: int, said: str) -> LabError:
    if "unable to listen" in said.lower():
        return LabError(
            f"port {local} of this computer is taken, so nothing is forwarded to {target}: {said}",
            f"end what has it (`ss -ltnp 'sport = :{local}'` names it), or choose another port",
        )
    return LabError(f"port {port} of {target} cannot be forwarded: {said or 'kubectl ended without a word'}")
