"""Has addresses asked all the time, from a container and from this computer, and writes each change of answer down."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lab import shell
from lab.errors import LabError
from lab.experiments.timed import asker
from lab.experiments.timed.recorder import LONGEST
from lab.kubernetes import client
from lab.kubernetes.port_forward import port_forward

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from lab.config import Settings
    from lab.experiments.pods import Subject
    from lab.experiments.timed.recorder import Recorder

SOURCE = Path(asker.__file__).read_text()
JOIN = 5.0


@contextlib.contextmanager
def asked(
    settings: Settings, recorder: Recorder, pod: Subject, container: str, urls: Mapping[str, str]
) -> Iterator[None]:
    """Ask these addresses, by the names that answers shall have, from a container; one process asks all.

    The network namespace of the asker is written down too, as an answer ``netns/<pod>/<container>``. Raises LabError
    where the asker ended before the block did: it only tells changes, so its silence would pass for the same answers.
    """
    given = json.dumps({"urls": dict(urls), "seconds": LONGEST})
    where = ("--namespace", pod.namespace, pod.name, "--container", container)
    process = shell.start(client.kubectl_command(settings, "exec", *where, "--", "python3", "-I", "-c", SOURCE, given))
    reader = threading.Thread(
        target=_read, args=(process.stdout, recorder, f"netns/{pod.name}/{container}"), daemon=True
    )
    reader.start()
    try:
        yield
        if not reader.is_alive():
            raise LabError(f"nobody asks in {pod.name}, container {container}, any more", "run the experiment again")
    finally:
        shell.end(process)
        reader.join(JOIN)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def _read(stream: IO[str] | None, recorder: Recorder, netns: str) -> None:
    with contextlib.suppress(ValueError):  # the stream was closed
        for line in stream or ():
            told = json.loads(line)
            name = netns if told["name"] == "netns" else told["name"]
            recorder.add("answer", name, told["outcome"], {"raw": told["raw"]})


@contextlib.contextmanager
def forwarded(settings: Settings, recorder: Recorder, pod: Subject, name: str = "port-forward") -> Iterator[None]:
    """Ask through a port-forward to a Pod from this computer."""
    over = threading.Event()
    with port_forward(settings, f"pod/{pod.name}", pod.port, namespace=pod.namespace) as forward:
        url = f"http://127.0.0.1:{forward.port}/whoami"
        asking = threading.Thread(target=_follow, args=(recorder, name, url, over), daemon=True)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join(asker.PATIENCE + 1)


def _follow(recorder: Recorder, name: str, url: str, over: threading.Event) -> None:
    before = ""
    while not over.wait(asker.EVERY):
        now, raw = asker.ask(url)
        if now != before and not over.is_set():
            recorder.add("answer", name, now, {"raw": raw})
            before = now


def netns(settings: Settings, pod: Subject, container: str) -> str:
    """Read the network namespace of a container, ``net:[<inode>]``; raises CommandFailed."""
    where = ("--namespace", pod.namespace, pod.name, "--container", container)
    return client.kubectl(settings, "exec", *where, "--", "readlink", "/proc/self/ns/net").stdout.strip()
