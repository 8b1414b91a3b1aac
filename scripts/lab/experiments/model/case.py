"""One cell, and what its sentences need to know of it: which Pod, which Service, which socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.experiments.model.dial import listening, sharing
from lab.experiments.model.naming import is_address
from lab.experiments.model.predict import forwarded, place_of
from lab.experiments.model.resolve import endpoints, resolve
from lab.experiments.model.rule import Book, Place
from lab.experiments.model.rules import RULES
from lab.findings import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.world import Address, Pod, Service, Vantage, World
    from lab.findings import Prediction

BOOK = Book(RULES)
_OWN_NAME = {"pod-hosts-file", "hostname-field", "hostname-cut", "subdomain-field"}


def at(address: str, port: int) -> str:
    """Write an address with its port."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@dataclass(frozen=True)
class Case:
    """A cell with its prediction, and what follows from both."""

    world: World
    vantage: Vantage
    address: Address
    prediction: Prediction

    def decided_by(self, rule: str) -> bool:
        """Tell whether the rule had a part in it."""
        return rule in self.prediction.rules

    @property
    def place(self) -> Place:
        """Where the call is made."""
        if self.vantage.kind == "kubelet" and self.address.how == "exec-probe":
            return Place(self.pod)
        return place_of(self.world, self.vantage)

    @property
    def pod(self) -> Pod | None:
        """The Pod of the vantage point, or the one that a forward goes to."""
        if self.address.how == "forward":
            return forwarded(BOOK, self.world, self.vantage, self.address)[0]
        wanted = (self.vantage.namespace, self.vantage.pod)
        pods = (one for one in self.world.pods if (one.namespace, one.name) == wanted)
        return next(pods, None)

    @property
    def reached(self) -> str:
        """The address that was dialled."""
        host = self.address.host
        if self.address.how == "pod-proxy" or (self.address.how.endswith("-probe") and not host):
            return self.pod.ip if self.pod else ""
        if self.address.how == "forward":
            return self._accepting(("127.0.0.1", "::1"))
        if is_address(host):
            return host
        return self._accepting(resolve(BOOK, self.world, self.place, host, self.address.how).addresses)

    @property
    def service(self) -> Service | None:
        """The Service through which the call goes: by its cluster IP, or by its port on the node."""
        for one in self.world.services:
            if self.decided_by("cluster-ip") and one.cluster_ip == self.reached:
                return one
            if self.decided_by("node-port") and any(port.node_port == self.address.port for port in one.ports):
                return one
        return None

    @property
    def port(self) -> int:
        """The port that the Pod is called on: a Service's target, where the call goes through one."""
        asked = self.address.port
        through = self.service
        if self.address.how == "forward":
            through = forwarded(BOOK, self.world, self.vantage, self.address)[1]
        ports = through.ports if through else ()
        return next((one.target for one in ports if asked in {one.port, one.node_port}), asked)

    @property
    def target(self) -> Pod | None:
        """The Pod whose network namespace the call comes to."""
        if self.service:
            found = endpoints(BOOK, self.world, self.service)
            return next((one for one in found if one.name == self.prediction.who), found[0] if found else None)
        if self.address.how in {"forward", "pod-proxy"}:
            return self.pod
        if self.decided_by("own-loopback"):
            return self._own()
        return self._likely([one for one in self.world.pods if one.ip == self.reached])

    @property
    def bind(self) -> str:
        """The address that the socket which takes the call is bound to."""
        own = self.target.containers if self.target else ()
        found = [one.bind for each in own for one in each.listeners if one.port == self.port]
        exact = [one for one in found if one == self.reached]
        return (exact or found or [""])[0]

    @property
    def arrives(self) -> str:
        """The address that the call comes to in the end: a Pod's, where it goes through a Service."""
        return self.target.ip if self.service and self.target else self.reached

    @property
    def names_own_pod(self) -> bool:
        """Tell whether the name is the hostname in the Pod's own line of its hosts file."""
        return bool(_OWN_NAME & set(self.prediction.rules)) and not self.decided_by("subdomain-field")

    @property
    def is_service_too(self) -> bool:
        """Tell whether a Service of the Pod's namespace bears the very name that was asked for."""
        asked = (self.vantage.namespace, self.address.host)
        return any((one.namespace, one.name) == asked for one in self.world.services)

    @property
    def here(self) -> Words:
        """Where the call is made, in words."""
        place = self.place
        if place.computer:
            return Words("this computer", "cet ordinateur")
        if place.on_node or not place.pod:
            return Words("the node", "le nœud")
        return Words(f"the Pod `{place.pod.name}`", f"le Pod `{place.pod.name}`")

    @property
    def of_here(self) -> str:
        """The same in French, as a possessor."""
        said = self.here.fr
        return f"de {said}" if said.startswith("cet") else f"du {said.removeprefix('le ')}"

    def _own(self) -> Pod | None:
        """Return who listens on the loopback that was dialled, or else whose it is, unless it is the node's."""
        place = self.place
        if place.on_node or not place.pod:
            return self._likely([one for one in self.world.pods if one.host_network])
        return place.pod if any(each.listeners for each in place.pod.containers) else None

    def _likely(self, pods: Sequence[Pod]) -> Pod | None:
        """Choose among Pods of one address: who answers, else who listens on that port; a Pod alone is it."""
        on_port = [
            one for one in pods if any(each.port == self.port for at_ in one.containers for each in at_.listeners)
        ]
        named = [one for one in on_port if one.name == self.prediction.who]
        alone = [one for one in pods if not one.host_network]
        return next(iter([*named, *on_port, *alone]), None)

    def _accepting(self, addresses: tuple[str, ...]) -> str:
        """Return the first of these addresses at which the target listens; else the first."""
        pods = [one for one in self.world.pods if one.name == self.prediction.who]
        for one in addresses:
            for pod in pods:
                if listening(BOOK, sharing(self.world, pod), one, self.address.port).outcome == "answers":
                    return one
        return addresses[0] if addresses else ""
