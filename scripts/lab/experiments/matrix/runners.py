"""The ways to ask a vantage point: each runs the same probe, or lets the one who dials there speak for itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lab import docker, shell
from lab.errors import LabError
from lab.experiments.matrix import error_parsing
from lab.experiments.matrix.kubelet_probes import testimony
from lab.experiments.matrix.probe_protocol import SECONDS, NoReply, Reply, command, pod_of, read
from lab.experiments.model.cluster import Address
from lab.experiments.model.routing import fits
from lab.experiments.results import Measurement
from lab.kubernetes.client import ApiError
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.port_forward import port_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.config import Settings
    from lab.experiments.model.cluster import Vantage, World
    from lab.kubernetes.client import Api

BOUND = 30.0
"""Seconds for one vantage point: the probe has its own; a busy computer needs more to get there."""


@dataclass(frozen=True)
class Ways:
    """What all ways need: the lab's settings and API, the backend's image, the world that is measured, and patience."""

    settings: Settings
    api: Api
    image: str
    world: World
    seconds: float = SECONDS

    @cached_property
    def pod_exec(self) -> PodExec:
        return PodExec(self.settings)

    def ask(self, vantage: Vantage, addresses: Sequence[Address]) -> Reply:
        """Try the addresses from there and look around; what does not fit is not tried.

        Raises LabError where the vantage cannot be asked.
        """
        tried = [one for one in addresses if fits(vantage, one.how)]
        never = {one.id: Measurement("not-applicable") for one in addresses if one not in tried}
        answer = _WAYS[vantage.kind](self, vantage, tried) if tried else Reply({})
        return Reply({**never, **answer.cells}, answer.surroundings)


def container(way: Ways, vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Run the probe in a container.

    Once more where its word was lost: an API server of 1.35 was seen to end an exec with Success and without a byte of
    its output, in one of a hundred.
    """
    words = command(addresses, seconds=way.seconds)
    target = ContainerRef(vantage.namespace, vantage.pod, vantage.container)
    try:
        return read(way.pod_exec.run(target, words, BOUND))
    except NoReply:
        return read(way.pod_exec.run(target, words, BOUND))


def init(way: Ways, vantage: Vantage, _addresses: Sequence[Address]) -> Reply:
    """Read what the init container, whose command the probe was, left in its log."""
    path = f"/api/v1/namespaces/{vantage.namespace}/pods/{vantage.pod}/log"
    return read(way.api.text(path, container=vantage.container))


def node(way: Ways, _vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Run the probe on the node, in a container of its own that shares the node's network and files of names."""
    confined = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--user=10001:10001")
    place = f"--network=container:{way.world.cluster.node}"
    return read(
        docker.docker(
            "run", "--rm", place, *confined, way.image, *command(addresses, seconds=way.seconds), timeout=BOUND
        )
    )


def computer(way: Ways, _vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Run the probe on this computer."""
    return read(shell.run(command(addresses, sys.executable, way.seconds), timeout=BOUND).stdout)


def forwarded(way: Ways, vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Run the probe on this computer, through a port-forward for each address."""
    return Reply({one.id: _through(way, vantage, one) for one in addresses})


def _through(way: Ways, vantage: Vantage, address: Address) -> Measurement:
    """Dial a forwarded port: kubectl takes the call, and says itself what the dial in the Pod came to."""
    with port_forward(way.settings, address.host, address.port, namespace=vantage.namespace) as forward:
        near = Address(address.id, "127.0.0.1", forward.port)
        found = computer(way, vantage, [near]).cells[address.id]
    if found.outcome == "answers" or not forward.errors:
        return found
    words = forward.errors
    return Measurement(error_parsing.outcome(words), detail=error_parsing.brief(words), seconds=found.seconds)


def pod_proxy(way: Ways, vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Let the API server dial the Pod."""
    return Reply({one.id: _proxied(way, vantage, one) for one in addresses})


def _proxied(way: Ways, vantage: Vantage, address: Address) -> Measurement:
    path = f"/api/v1/namespaces/{vantage.namespace}/pods/{vantage.pod}:{address.port}/proxy/whoami"
    try:
        said = way.api.text(path)
    except ApiError as error:
        return Measurement(error_parsing.outcome(error.message), detail=error_parsing.brief(error.message))
    pod = pod_of(said)
    return Measurement("answers", pod, path) if pod else Measurement("elsewhere", detail=error_parsing.brief(said))


def kubelet(way: Ways, vantage: Vantage, addresses: Sequence[Address]) -> Reply:
    """Ask what kubelet's probe of the witness came to."""
    if len(addresses) > 1:
        raise LabError(f"container {vantage.container} is the witness of one probe, and {len(addresses)} are asked for")
    return Reply({one.id: testimony(way.api, way.world.cluster.node, vantage) for one in addresses})


_WAYS: dict[str, Callable[[Ways, Vantage, Sequence[Address]], Reply]] = {
    "container": container,
    "init": init,
    "node": node,
    "computer": computer,
    "port-forward": forwarded,
    "service-forward": forwarded,
    "pod-proxy": pod_proxy,
    "kubelet": kubelet,
}
