"""Why a cell ends as it does: two plain sentences at most, with the cell's own names and addresses."""

from dataclasses import dataclass
from functools import cached_property

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


def _sentences(case: Case) -> tuple[str, ...]:
    outcome = case.prediction.outcome
    if outcome == "not-applicable":
        return ("not-applicable",)
    if case.applied("init-before-app"):
        return _name_source(case), _before_app(case)
    if outcome == "no-name":
        return _unknown(case)
    if outcome == "resolves":
        return _name_source(case), "nslookup" if case.address.how == "nslookup" else "getent"
    return _begins(case), _end(case)


def _begins(case: Case) -> str:
    how = case.address.how
    if case.vantage.kind == "kubelet":
        return how if how == "exec-probe" else "probe-of-host" if case.address.host else "probe-of-pod"
    if how == "pod-proxy":
        return how
    if how != "forward":
        return _name_source(case)
    if case.applied("forward-unready"):
        return "forward-unready"
    return "forward-service" if case.address.host.startswith("service/") else "forward-pod"


def _before_app(case: Case) -> str:
    if case.applied("no-endpoint"):
        return "init-no-endpoint"
    return "init-no-name" if case.prediction.outcome == "no-name" else "init-nobody-listens"


def _name_source(case: Case) -> str:
    """Choose how a name came to its address; nothing for an address, and for a name that leads nowhere."""
    applied = [rule for rule in case.prediction.rules if rule in NAMING]
    host = case.address.host
    if is_address(host) or not applied or case.prediction.outcome == "no-name":
        return ""
    if applied[-1] in _OWN_NAME:
        if case.applied("subdomain-field") and "." in host:
            return "hosts-subdomain"
        return "hosts-hostname-field" if case.applied("hostname-field") else "hosts-own-name"
    if applied[-1] == "search-list":
        return "search-domain"
    for rule in ("hosts-localhost", "host-aliases", "hand-edit", "dns-service", "dns-pod-ip"):
        if rule == applied[-1]:
            return rule
    return "dns-pod"


def _unknown(case: Case) -> tuple[str, ...]:
    """Choose what a name is that does not resolve here, and who would know it."""
    meaning = _own_name(case) or _of_a_pod(case) or _of_a_service(case) or _written(case) or _of_a_container(case)
    return (meaning, _other_dns(case)) if case.applied("outside-cluster-dns") else (meaning or "nowhere",)


def _other_dns(case: Case) -> str:
    if case.place.computer:
        return "dns-of-computer"
    policy = case.place.pod.dns_policy if case.place.pod else ""
    return {"None": "dns-policy-none", "Default": "dns-policy-default"}.get(policy, "dns-of-node")


def _own_name(case: Case) -> str:
    host, pod = case.address.host, case.place.pod
    if not pod or host not in {pod.name, pod.hostname}:
        return ""
    if pod.host_network:
        return "own-name-host-network"
    return "own-name-nslookup" if hostname(RULES, pod)[0] == host else "own-name-replaced"


def _of_a_pod(case: Case) -> str:
    named = any(case.address.host in {pod.name, pod.hostname} for pod in case.model.pods)
    return "name-of-a-pod" if named and not case.named_service else ""


def _of_a_service(case: Case) -> str:
    service, pod = case.named_service, case.place.pod
    if not service:
        if not case.address.host.endswith(f".{case.model.cluster.domain}"):
            return ""
        return "full-name-elsewhere" if case.applied("outside-cluster-dns") else "full-name"
    if case.applied("outside-cluster-dns") or not pod:
        return "service-other-dns"
    if not case.applied("dns-cluster-first"):
        return "service-own-search-list"
    return "service-headless" if service.namespace == pod.namespace else "service-other-namespace"


def _written(case: Case) -> str:
    """Recognise a name that somebody added to a Pod's hosts file."""
    host, pods = case.address.host, case.model.pods
    if any(host in alias.names for pod in pods for alias in pod.host_aliases):
        return "alias-of-one-pod"
    edits = [edit for pod in pods if pod == case.place.pod for edit in pod.hand_edits]
    return "edit-overwritten" if any(host in edit.line.split() for edit in edits) else ""


def _of_a_container(case: Case) -> str:
    names = {container.name for pod in case.model.pods for container in pod.containers}
    return "container-name" if case.address.host in names else ""


def _end(case: Case) -> str:
    if case.prediction.outcome == "elsewhere":
        return _elsewhere(case)
    if case.prediction.outcome == "refused":
        return _refused(case)
    if case.service:
        return "through-node-port" if case.applied("node-port") else "through-cluster-ip"
    return _listens(case)


def _elsewhere(case: Case) -> str:
    if case.applied("own-loopback"):
        return "elsewhere-loopback"
    if case.applied("outside-cluster"):
        return "elsewhere-outside"
    return "elsewhere-port" if case.applied("unlisted-port") and case.service else "elsewhere-nobody"


def _refused(case: Case) -> str:
    if case.applied("no-endpoint") and case.service:
        return "refused-no-endpoint"
    if not case.target:
        return "refused-other-loopback" if case.applied("own-loopback") else "refused-address"
    if case.binds:
        return "refused-other-bind"
    shared = any(
        (service.namespace, service.name) == (case.vantage.namespace, case.address.host)
        for service in case.model.services
    )
    return "refused-not-the-service" if case.is_own_name and shared else "refused-port"


def _listens(case: Case) -> str:
    if case.is_own_name:
        return "answers-own-name"
    if case.applied("own-loopback") and case.target and case.target.host_network:
        return "answers-node-loopback"
    shared = case.applied("own-loopback") and case.address.how == "connect"
    return "answers-shared-loopback" if shared else "answers-bind"


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
