"""What happens when a vantage point tries an address: derived rule by rule from the world's description."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lab.experiments.model.connect import Aim, End, dial, first, in_pod
from lab.experiments.model.dns import is_address
from lab.experiments.model.resolve import resolve, selected
from lab.experiments.model.routing import fits, reads_names
from lab.experiments.model.rule import Book, Place
from lab.experiments.model.rules import NAMING, RULES
from lab.experiments.results import Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.model.cluster import Address, Pod, Vantage, World
    from lab.experiments.model.rule import Rule


def predict(world: World, vantage: Vantage, address: Address, rules: Mapping[str, Rule] = RULES) -> Prediction:
    """Say how the cell ends, who answers and by which rules; raises KeyError for a Pod that is not in the world."""
    book = Book(rules)
    if book.holds("not-applicable", vantage, address.how) or not fits(vantage, address.how):
        return Prediction("not-applicable", "", ("not-applicable",))
    after = _prediction(_follow(book, world, vantage, address))
    if not book.holds("init-before-app", vantage) or not vantage.pod:
        return after
    before = _prediction(_follow(book, _before_the_app(world, vantage), vantage, address))
    changed = (before.outcome, before.who) != (after.outcome, after.who)
    return Prediction(before.outcome, before.who, (*before.rules, "init-before-app")) if changed else before


def follow(world: World, vantage: Vantage, address: Address) -> End:
    """Say how the call ends in the world as it is, and whom it is for: the same for an init container as for the app.

    Raises KeyError as ``predict``.
    """
    return _follow(Book(RULES), world, vantage, address)


def aim(world: World, vantage: Vantage, address: Address, resolved: Sequence[str]) -> Aim:
    """Return whom the call was for, by the addresses that the host led to when it was measured."""
    named = reads_names(vantage) and not is_address(address.host)
    hosts = resolved if named else [address.host]
    return first(follow(world, vantage, replace(address, host=one)) for one in hosts).aim


def mechanism(prediction: Prediction) -> str:
    """Name the rule that decides: the last one; for an answer by a name, the last one about names."""
    names = [one for one in prediction.rules if one in NAMING and one != "literal"]
    decided = names if names and prediction.outcome == "answers" else prediction.rules
    return decided[-1] if decided else ""


def place_of(world: World, vantage: Vantage) -> Place:
    """Return where a vantage point's program runs."""
    if vantage.kind in {"container", "init"}:
        return Place(world.pod(vantage.namespace, vantage.pod))
    return Place(computer=vantage.kind == "computer")


def _prediction(end: End) -> Prediction:
    return Prediction(end.outcome, end.who, end.rules)


def _follow(book: Book, world: World, vantage: Vantage, address: Address) -> End:
    if vantage.kind == "kubelet":
        return _probe(book, world, vantage, address)
    if address.how == "forward":
        return _forward(book, world, vantage, address)
    if address.how == "pod-proxy":
        return _pod_proxy(book, world, vantage, address)
    return _from(book, world, place_of(world, vantage), address)


def _from(book: Book, world: World, place: Place, address: Address) -> End:
    """Resolve and dial like a program at that place."""
    found = resolve(book, world, place, address.host, address.how)
    if not found.addresses:
        return End("no-name", "", found.rules)
    end = first(dial(book, world, place, one, address.port) for one in found.addresses)
    if address.how not in {"getent", "nslookup"}:
        return end.after(*found.rules)
    return End("resolves", found.addresses[0] if len(found.addresses) == 1 else "", found.rules, end.aim)


def _before_the_app(world: World, vantage: Vantage) -> World:
    """Return the world as the Pod's init container saw it."""
    own = world.pod(vantage.namespace, vantage.pod)
    quiet = tuple(replace(one, listeners=()) for one in own.containers)
    pods = tuple(replace(one, containers=quiet, ready=False) if one == own else one for one in world.pods)
    return replace(world, pods=pods)


def _probe(book: Book, world: World, vantage: Vantage, address: Address) -> End:
    """Probe like kubelet, which only learns whether it passed: nobody is named."""
    pod = world.pod(vantage.namespace, vantage.pod)
    inside = address.how == "exec-probe"
    rule = "probe-exec-inside" if inside else "probe-from-node"
    place = Place(pod) if book.holds(rule) == inside else Place()
    rules: tuple[str, ...] = (rule,)
    asked = replace(address, how="connect")
    if not inside and book.holds("probe-pod-ip", address.host):
        asked, rules = replace(asked, host=pod.ip), (rule, "probe-pod-ip")
    return replace(_from(book, world, place, asked), who="").after(*rules)


def _pod_proxy(book: Book, world: World, vantage: Vantage, address: Address) -> End:
    pod = world.pod(vantage.namespace, vantage.pod)
    target = pod.ip if book.holds("proxy-dials-pod-ip") else "127.0.0.1"
    return in_pod(book, world, pod, target, address.port).after("proxy-dials-pod-ip")


def _forward(book: Book, world: World, vantage: Vantage, address: Address) -> End:
    """Follow ``kubectl port-forward pod/name``, or ``service/name``: a ready Pod first, and the Service's own port."""
    kind, _, name = address.host.partition("/")
    if kind == "pod":
        return _into_pod(book, world, world.pod(vantage.namespace, name), address.port)
    service = next((one for one in world.services if (one.namespace, one.name) == (vantage.namespace, name)), None)
    pods = selected(book, world, service) if service else ()
    if not service or not pods:
        return End("not-applicable", "", ("selector",), Aim(address.port, None, service))
    pod = min(pods, key=lambda one: not one.ready)
    port = next((one.target for one in service.ports if one.port == address.port), address.port)
    end = _into_pod(book, world, pod, port).after("selector")
    return replace(end, aim=replace(end.aim, service=service))


def _into_pod(book: Book, world: World, pod: Pod, port: int) -> End:
    if not (pod.ready or book.holds("forward-unready")):
        return End("refused")
    tried = ["127.0.0.1", "::1"] if book.holds("forward-localhost") else [pod.ip]
    if book.holds("forward-falls-back", world.cluster):
        tried = [*tried, pod.ip]
    rules = ("forward-localhost",) if pod.ready else ("forward-unready", "forward-localhost")
    return first(in_pod(book, world, pod, one, port) for one in tried).after(*rules)
