"""Why a cell ends as it does: two plain sentences at most, with the cell's own names and addresses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from lab.experiments import texts
from lab.experiments.model.cluster import Address, ClusterModel, Place, Pod, Service, VantagePoint
from lab.experiments.model.dns import hostname, is_address, resolve
from lab.experiments.model.predict import NAMING, RULES, place_of, route
from lab.experiments.model.routing import Target
from lab.experiments.model.rule_set import Caller
from lab.experiments.results import Prediction
from lab.experiments.texts import Text, join, same

SENTENCES = texts.load("model").section("explanations")
_OWN_NAME = {"pod-hosts-file", "hostname-field", "hostname-cut", "subdomain-field"}
_SAID_AS_THEY_ARE = ("hosts-localhost", "host-aliases", "hand-edit", "dns-service", "dns-pod-ip")
"""Rules that lead from a name to an address, and are sentences too."""


def because(model: ClusterModel, vantage: VantagePoint, address: Address, prediction: Prediction) -> Text:
    """Explain in both languages, in at most two sentences, why the prediction is so."""
    case = Case(model, vantage, address, prediction)
    values = _values(case)
    return join(*(SENTENCES[name].format(**values) for name in _sentences(case) if name))


@dataclass(frozen=True)
class Case:
    """A cell with its prediction, and what follows from both."""

    model: ClusterModel
    vantage: VantagePoint
    address: Address
    prediction: Prediction

    def applied(self, rule: str) -> bool:
        return rule in self.prediction.rules

    @property
    def host(self) -> str:
        return self.address.host

    @property
    def how(self) -> str:
        return self.address.how

    @property
    def naming(self) -> str:
        """The rule that led from the name to its address; empty for none."""
        return next((rule for rule in reversed(self.prediction.rules) if rule in NAMING), "")

    @property
    def own(self) -> Pod:
        """The Pod that the call is made in; one without a name where it is made in none."""
        return self.place.pod or Pod("", "", "")

    def is_named(self, pod: Pod) -> bool:
        return bool(self.host) and self.host in {pod.name, pod.hostname}

    @property
    def is_full_name(self) -> bool:
        """Tell whether it is a name of the cluster's domain, and no Service's."""
        return not self.named_service and self.host.endswith(f".{self.model.cluster.domain}")

    @property
    def place(self) -> Place:
        """Where the call is made."""
        if self.vantage.kind == "kubelet" and self.address.how == "exec-probe":
            return Place(self.pod)
        return place_of(self.model, self.vantage)

    @cached_property
    def call(self) -> Target:
        """Whom the call is for."""
        return route(self.model, self.vantage, self.address).target

    @property
    def pod(self) -> Pod | None:
        """The Pod of the vantage point, or the one that a forward goes to."""
        if self.address.how == "forward":
            return self.call.pod
        key = (self.vantage.namespace, self.vantage.pod)
        return next((pod for pod in self.model.pods if (pod.namespace, pod.name) == key), None)

    @property
    def service(self) -> Service | None:
        """The Service through which the call goes; one that a forward names only chooses the Pod."""
        return None if self.address.how == "forward" else self.call.service

    @property
    def target(self) -> Pod | None:
        """The Pod whose network namespace the call comes to, unless it is the caller's own, where no app is."""
        pod = self.call.pod
        idle = pod and self.applied("own-loopback") and not any(part.listeners for part in pod.containers)
        return None if idle else pod

    @property
    def binds(self) -> list[str]:
        """The addresses that sockets of the target's port are bound to, the dialled one first."""
        containers = self.target.containers if self.target else ()
        binds = [each.bind for part in containers for each in part.listeners if each.port == self.call.port]
        return sorted(binds, key=lambda bind: bind != self.call.address)

    @property
    def is_own_name(self) -> bool:
        """Tell whether the name is the hostname in the Pod's own line of its hosts file."""
        return bool(_OWN_NAME & set(self.prediction.rules)) and not self.applied("subdomain-field")

    @property
    def named_service(self) -> Service | None:
        """The Service of the name that was asked for, of the Pod's own namespace where there is one."""
        services = [service for service in self.model.services if service.name == self.address.host]
        pod = self.place.pod
        return next((each for each in services if pod and each.namespace == pod.namespace), next(iter(services), None))


Choices = Sequence[tuple[str, Callable[[Case], object]]]
"""Sentences, and when each is the one to say: the first that holds."""

_NAME_SOURCE: Choices = (
    ("", lambda case: is_address(case.host) or not case.naming or case.prediction.outcome == "no-name"),
    ("hosts-subdomain", lambda case: case.naming in _OWN_NAME and case.applied("subdomain-field") and "." in case.host),
    ("hosts-hostname-field", lambda case: case.naming in _OWN_NAME and case.applied("hostname-field")),
    ("hosts-own-name", lambda case: case.naming in _OWN_NAME),
    ("search-domain", lambda case: case.naming == "search-list"),
    *((rule, partial(lambda rule, case: case.naming == rule, rule)) for rule in _SAID_AS_THEY_ARE),
    ("dns-pod", lambda _: True),
)
_DIALLER: Choices = (
    ("exec-probe", lambda case: case.vantage.kind == "kubelet" and case.how == "exec-probe"),
    ("probe-of-host", lambda case: case.vantage.kind == "kubelet" and case.host),
    ("probe-of-pod", lambda case: case.vantage.kind == "kubelet"),
    ("pod-proxy", lambda case: case.how == "pod-proxy"),
    ("forward-unready", lambda case: case.how == "forward" and case.applied("forward-unready")),
    ("forward-service", lambda case: case.how == "forward" and case.host.startswith("service/")),
    ("forward-pod", lambda case: case.how == "forward"),
)
_BEFORE_APP: Choices = (
    ("init-no-endpoint", lambda case: case.applied("no-endpoint")),
    ("init-no-name", lambda case: case.prediction.outcome == "no-name"),
    ("init-nobody-listens", lambda _: True),
)
_UNKNOWN: Choices = (
    ("own-name-host-network", lambda case: case.is_named(case.own) and case.own.host_network),
    ("own-name-nslookup", lambda case: case.is_named(case.own) and hostname(RULES, case.own)[0] == case.host),
    ("own-name-replaced", lambda case: case.is_named(case.own)),
    ("name-of-a-pod", lambda case: not case.named_service and any(map(case.is_named, case.model.pods))),
    ("full-name-elsewhere", lambda case: case.is_full_name and case.applied("outside-cluster-dns")),
    ("full-name", lambda case: case.is_full_name),
    (
        "service-other-dns",
        lambda case: case.named_service and (case.applied("outside-cluster-dns") or not case.place.pod),
    ),
    ("service-own-search-list", lambda case: case.named_service and not case.applied("dns-cluster-first")),
    ("service-headless", lambda case: case.named_service and case.named_service.namespace == case.own.namespace),
    ("service-other-namespace", lambda case: case.named_service),
    (
        "alias-of-one-pod",
        lambda case: any(case.host in alias.names for pod in case.model.pods for alias in pod.host_aliases),
    ),
    ("edit-overwritten", lambda case: any(case.host in edit.line.split() for edit in case.own.hand_edits)),
    ("container-name", lambda case: any(case.host == part.name for pod in case.model.pods for part in pod.containers)),
)
"""What a name is that does not resolve here."""
_OTHER_DNS: Choices = (
    ("dns-of-computer", lambda case: case.place.computer),
    ("dns-policy-none", lambda case: case.own.dns_policy == "None"),
    ("dns-policy-default", lambda case: case.own.dns_policy == "Default"),
    ("dns-of-node", lambda _: True),
)
_ELSEWHERE: Choices = (
    ("elsewhere-loopback", lambda case: case.applied("own-loopback")),
    ("elsewhere-outside", lambda case: case.applied("outside-cluster")),
    ("elsewhere-port", lambda case: case.applied("unlisted-port") and case.service),
    ("elsewhere-nobody", lambda _: True),
)
_REFUSED: Choices = (
    ("refused-no-endpoint", lambda case: case.applied("no-endpoint") and case.service),
    ("refused-other-loopback", lambda case: not case.target and case.applied("own-loopback")),
    ("refused-address", lambda case: not case.target),
    ("refused-other-bind", lambda case: case.binds),
    (
        "refused-not-the-service",
        lambda case: case.is_own_name and case.model.find_service(case.vantage.namespace, case.host),
    ),
    ("refused-port", lambda _: True),
)
_ANSWERS: Choices = (
    ("through-node-port", lambda case: case.service and case.applied("node-port")),
    ("through-cluster-ip", lambda case: case.service),
    ("answers-own-name", lambda case: case.is_own_name),
    ("answers-node-loopback", lambda case: case.applied("own-loopback") and case.target and case.target.host_network),
    ("answers-shared-loopback", lambda case: case.applied("own-loopback") and case.how == "connect"),
    ("answers-bind", lambda _: True),
)


def _choose(case: Case, choices: Choices) -> str:
    return next((sentence for sentence, holds in choices if holds(case)), "")


def _sentences(case: Case) -> tuple[str, ...]:
    outcome = case.prediction.outcome
    if outcome == "not-applicable":
        return ("not-applicable",)
    if case.applied("init-before-app"):
        return _choose(case, _NAME_SOURCE), _choose(case, _BEFORE_APP)
    if outcome == "no-name":
        meaning = _choose(case, _UNKNOWN)
        is_outside = case.applied("outside-cluster-dns")
        return (meaning, _choose(case, _OTHER_DNS)) if is_outside else (meaning or "nowhere",)
    if outcome == "resolves":
        return _choose(case, _NAME_SOURCE), "nslookup" if case.how == "nslookup" else "getent"
    ends = {"elsewhere": _ELSEWHERE, "refused": _REFUSED}
    return _choose(case, _DIALLER) or _choose(case, _NAME_SOURCE), _choose(case, ends.get(outcome, _ANSWERS))


def _values(case: Case) -> dict[str, object]:
    """Return what the sentences' fields stand for; empty what this cell has not."""
    address, call, own, pod, service = case.address, case.call, case.place.pod, case.pod, case.named_service
    resolved = (
        ()
        if case.vantage.kind == "kubelet"
        else resolve(Caller(RULES, case.model, case.place), address.host, address.how).addresses
    )
    caller, owner = _who_calls(case)
    itself = case.vantage.pod == case.prediction.who and case.vantage.kind == "container"
    return {
        "host": address.host,
        "port": address.port,
        "dialled": call.address,
        "dialled_port": _with_port(call.address, address.port),
        "target_port": call.port,
        "target_address": _with_port(call.address, call.port),
        "arrives": case.target.ip if case.service and case.target else call.address,
        "bind": next(iter(case.binds), ""),
        "resolved": next(iter(resolved), ""),
        "who": case.prediction.who,
        "domains": ", ".join(domain for domain, _ in case.model.cluster.wildcards),
        "target": case.target.name if case.target else case.prediction.who,
        "service": case.service.name if case.service else "",
        "vantage_pod": case.vantage.pod,
        "pod": pod.name if pod else address.host,
        "pod_ip": pod.ip if pod else "",
        "own_ip": own.ip if own else "",
        "own_namespace": own.namespace if own else "",
        "own_hostname": hostname(RULES, own)[0] if own else "",
        "named_service": f"{service.name}.{service.namespace}.svc.{case.model.cluster.domain}" if service else "",
        "service_namespace": service.namespace if service else "",
        "caller": caller,
        "owner": owner,
        "itself": SENTENCES["itself"] if itself else same(""),
    }


def _with_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _who_calls(case: Case) -> tuple[Text, Text]:
    """Return where the call is made, as a subject and as a possessor."""
    place = case.place
    if place.computer:
        return SENTENCES["caller-computer"], SENTENCES["owner-computer"]
    if place.on_node or not place.pod:
        return SENTENCES["caller-node"], SENTENCES["owner-node"]
    pod = place.pod.name
    return SENTENCES["caller-pod"].format(pod=pod), SENTENCES["owner-pod"].format(pod=pod)
