"""One cell, and what its sentences need to know of it: which Pod, which Service, which socket."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lab.experiments.model.predict import follow, place_of
from lab.experiments.model.rule import Book, Place
from lab.experiments.model.rules import RULES
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Address, Pod, Service, Vantage, World
    from lab.experiments.model.connect import Aim
    from lab.experiments.results import Prediction

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

    @cached_property
    def aim(self) -> Aim:
        """Whom the call is for."""
        return follow(self.world, self.vantage, self.address).aim

    @property
    def pod(self) -> Pod | None:
        """The Pod of the vantage point, or the one that a forward goes to."""
        if self.address.how == "forward":
            return self.aim.pod
        wanted = (self.vantage.namespace, self.vantage.pod)
        return next((one for one in self.world.pods if (one.namespace, one.name) == wanted), None)

    @property
    def service(self) -> Service | None:
        """The Service through which the call goes; one that a forward names only chooses the Pod."""
        return None if self.address.how == "forward" else self.aim.service

    @property
    def target(self) -> Pod | None:
        """The Pod whose network namespace the call comes to, unless it is the caller's own, where no app is."""
        pod = self.aim.pod
        idle = pod and self.decided_by("own-loopback") and not any(each.listeners for each in pod.containers)
        return None if idle else pod

    @property
    def bind(self) -> str:
        """The address that the socket which takes the call is bound to."""
        own = self.target.containers if self.target else ()
        found = [one.bind for each in own for one in each.listeners if one.port == self.aim.port]
        exact = [one for one in found if one == self.aim.address]
        return (exact or found or [""])[0]

    @property
    def arrives(self) -> str:
        """The address that the call comes to in the end: a Pod's, where it goes through a Service."""
        return self.target.ip if self.service and self.target else self.aim.address

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
    def here(self) -> Text:
        """Where the call is made, in words."""
        place = self.place
        if place.computer:
            return Text("this computer", "cet ordinateur")
        if place.on_node or not place.pod:
            return Text("the node", "le nœud")
        return Text(f"the Pod `{place.pod.name}`", f"le Pod `{place.pod.name}`")

    @property
    def of_here(self) -> str:
        """The same in French, as a possessor."""
        said = self.here.fr
        return f"de {said}" if said.startswith("cet") else f"du {said.removeprefix('le ')}"
