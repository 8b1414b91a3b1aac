"""Polls addresses all the time, from containers and from this computer, and records each change of answer."""

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from lab.errors import LabError
from lab.experiments.matrix import probe
from lab.experiments.matrix.probe_protocol import poll_command
from lab.experiments.pods import PORT
from lab.experiments.timed.actions import Context
from lab.experiments.timed.recorder import LONGEST, Recorder
from lab.kubernetes.port_forward import port_forward


@dataclass(frozen=True)
class Poll:
    """An address that is polled under a name, from a container of a Pod.

    ``{cats}`` in it is the IP of the Pod ``cats``; ``ping://`` sends ICMP echoes.
    """

    name: str
    url: str
    pod: str
    container: str


@dataclass(frozen=True)
class Forward:
    """A port-forward from this computer to a Pod, polled under a name."""

    name: str
    pod: str


@contextlib.contextmanager
def polling(context: Context, polls: Iterable[Poll | Forward], ips: Mapping[str, str]) -> Iterator[None]:
    """Poll until the end of the block; one process polls all that a container has to."""
    sources: dict[tuple[str, str], dict[str, str]] = {}
    with contextlib.ExitStack() as stack:
        for poll in polls:
            if isinstance(poll, Forward):
                stack.enter_context(_forwarded(context, poll))
            else:
                sources.setdefault((poll.pod, poll.container), {})[poll.name] = poll.url.format_map(ips)
        for (pod, container), urls in sources.items():
            stack.enter_context(polled_inside(context, pod, container, urls))
        yield


@contextlib.contextmanager
def polled_inside(context: Context, pod: str, container: str, urls: Mapping[str, str]) -> Iterator[None]:
    """Poll these addresses from a container.

    Its network namespace is recorded too, as an answer ``netns/<pod>/<container>``. Raises LabError where the poller
    ended before the block did: it only writes changes, so its silence would pass for the same answers.
    """
    where = context.container(pod, container)
    with context.exec.stream(where, poll_command(urls, LONGEST)) as process:
        reader = threading.Thread(
            target=_read, args=(process.stdout, context.recorder, f"netns/{pod}/{container}"), daemon=True
        )
        reader.start()
        yield
        if not reader.is_alive():
            raise LabError(f"the poller in {where} has ended", "run the experiment again")


def _read(stream: IO[str] | None, recorder: Recorder, netns: str) -> None:
    with contextlib.suppress(ValueError), stream or contextlib.nullcontext(()) as lines:  # it may write what is no JSON
        for line in lines:
            answer = json.loads(line)
            name = netns if answer["name"] == "netns" else answer["name"]
            recorder.add("answer", name, answer["outcome"], {"raw": answer["raw"]})


@contextlib.contextmanager
def _forwarded(context: Context, poll: Forward) -> Iterator[None]:
    ended = threading.Event()
    with port_forward(context.settings, f"pod/{poll.pod}", PORT, namespace=context.namespace) as forward:
        url = f"http://127.0.0.1:{forward.port}/whoami"
        thread = threading.Thread(target=_follow, args=(context.recorder, poll.name, url, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(probe.POLL_PATIENCE + 1)


def _follow(recorder: Recorder, name: str, url: str, ended: threading.Event) -> None:
    before = ""
    while not ended.wait(probe.POLL_EVERY):
        outcome, raw = probe.ask(url)
        if outcome != before and not ended.is_set():
            recorder.add("answer", name, outcome, {"raw": raw})
            before = outcome
