"""What happens when a vantage point tries an address: derived rule by rule from the cluster's model."""

from collections.abc import Sequence
from dataclasses import replace

from lab.experiments import texts
from lab.experiments.model import dns, proxies, routing
from lab.experiments.model.cluster import Address, ClusterModel, Place, VantagePoint
from lab.experiments.model.dns import is_address
from lab.experiments.model.routing import Route, Target, applies, call, first, resolves_names
from lab.experiments.model.rule_set import Caller, Rules
from lab.experiments.results import Prediction

RULES = Rules({**dns.RULES, **routing.RULES, **proxies.RULES})
"""All that the model knows: what happens follows from these and the cluster, and from nothing else."""
texts.load("model").section("rules", RULES)
NAMING = frozenset(dns.RULES)
"""The ids of the rules about names."""


def predict(model: ClusterModel, vantage: VantagePoint, address: Address, rules: Rules = RULES) -> Prediction:
    """Predict how the cell ends, who answers and by which rules; raises KeyError for a Pod that is not in the model."""
    if rules.holds("not-applicable", vantage, address.how) or not applies(vantage, address.how):
        return Prediction("not-applicable", "", ("not-applicable",))
    after = route(model, vantage, address, rules)
    if not rules.holds("init-before-app", vantage) or not vantage.pod:
        return Prediction(after.outcome, after.who, after.rules)
    before = route(_before_the_app(model, vantage), vantage, address, rules)
    changed = (before.outcome, before.who) != (after.outcome, after.who)
    return Prediction(before.outcome, before.who, (*before.rules, "init-before-app") if changed else before.rules)


def route(model: ClusterModel, vantage: VantagePoint, address: Address, rules: Rules = RULES) -> Route:
    """Follow the call in the cluster as it is: the same for an init container as for the app. Raises as ``predict``."""
    if vantage.kind == "kubelet":
        return proxies.probe(rules, model, vantage, address)
    if address.how == "forward":
        return proxies.port_forward(rules, model, vantage, address)
    if address.how == "pod-proxy":
        return proxies.pod_proxy(rules, model, vantage, address)
    return call(Caller(rules, model, place_of(model, vantage)), address)


def target(model: ClusterModel, vantage: VantagePoint, address: Address, resolved: Sequence[str]) -> Target:
    """Return whom the call was for, by the addresses that the host led to when it was measured."""
    named = resolves_names(vantage) and not is_address(address.host)
    hosts = resolved if named else [address.host]
    return first(route(model, vantage, replace(address, host=host)) for host in hosts).target


def mechanism(prediction: Prediction) -> str:
    """Name the rule that decides: the last one; for an answer by a name, the last one about names."""
    names = [rule for rule in prediction.rules if rule in NAMING and rule != "literal"]
    decided = names if names and prediction.outcome == "answers" else prediction.rules
    return decided[-1] if decided else ""


def place_of(model: ClusterModel, vantage: VantagePoint) -> Place:
    """Return where a vantage point's program runs."""
    if vantage.kind in {"container", "init"}:
        return Place(model.pod(vantage.namespace, vantage.pod))
    return Place(computer=vantage.kind == "computer")


def _before_the_app(model: ClusterModel, vantage: VantagePoint) -> ClusterModel:
    """Return the cluster as the Pod's init container saw it."""
    own = model.pod(vantage.namespace, vantage.pod)
    silent = tuple(replace(container, listeners=()) for container in own.containers)
    pods = tuple(replace(pod, containers=silent, ready=False) if pod == own else pod for pod in model.pods)
    return replace(model, pods=pods)
