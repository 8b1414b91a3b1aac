"""A small made-up experiment of every kind: a matrix, variants, flips, times, claims."""

from pathlib import Path

import msgspec
import yaml

from lab.experiments import results
from lab.experiments.results import Cell, Exhibit, Expectation, Experiment, Label, Moment
from lab.experiments.texts import Text, same
from lab.report.html.diagram import container_key, net_key

APP = "k8-chatroulette-back"
IP = "10.244.0.7"
NAMESPACE = "names-4f21"
DATA = yaml.safe_load(Path(__file__).with_name("samples.yaml").read_text("utf-8"))


def labels(kind: str) -> tuple[Label, ...]:
    more = Text("More about it, in one sentence.", "Davantage, en une phrase.")
    return tuple(Label(name, Text(**short), more) for name, short in DATA["labels"][kind].items())


VANTAGES, ADDRESSES, CHANGES = labels("vantages"), labels("addresses"), labels("changes")
BINDS = tuple(Label(bind, same(bind), Text("Listens there.", "Écoute là.")) for bind in ("127.0.0.1", "0.0.0.0", "::1"))
EVENT = msgspec.convert(DATA["event"], Exhibit)
ONLY = {"port-forward": ["forward"], "kubelet-http": ["probe", "probe-loopback"]}
"""Vantage points with addresses of their own; all others try the rest."""
COMMON = [label.id for label in ADDRESSES if label.id not in {"forward", "probe", "probe-loopback"}]
INSIDE = {"app", "guest"}


def exhibits(vantage: str) -> tuple[Exhibit, ...]:
    hosts = f"{IP}\t{APP}" if vantage in INSIDE else "10.244.0.9\tother"
    line = Text(f"The line that kubelet wrote, seen from {vantage}.", f"La ligne écrite par kubelet, vue de {vantage}.")
    command = f"kubectl -n {NAMESPACE} exec {APP} -c back -- cat /etc/hosts"
    socket = "  0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 <&>"
    listens = Text("The app listens on 0.0.0.0:3000.", "L’application écoute sur 0.0.0.0:3000.")
    return (
        Exhibit("hosts", f"/etc/hosts, {vantage}", hosts, line, command),
        Exhibit("socket", f"/proc/net/tcp, {APP}", socket, listens),
    )


def cell(vantage: str, address: str, variant: str = "", *, agrees: bool = True) -> Cell:
    url, inside, outside, rule = DATA["cells"][address]
    predicted = inside if vantage in INSIDE else outside
    if (vantage, address) == ("computer", "cluster-ip"):
        predicted, rule = "elsewhere", "no-route"
    measured = predicted if agrees else "refused" if predicted == "answers" else "answers"
    return Cell(
        vantage=vantage,
        address=address,
        url=url,
        predicted=results.Prediction(predicted, APP if predicted == "answers" else "", ("resolve", rule)),
        measured=results.Measurement(
            measured, APP if agrees and measured == "answers" else "", "errno 111", (IP,), 0.004
        ),
        agrees=agrees,
        mechanism=rule,
        because=Text(
            f"From {vantage}, {url} is decided by {rule}. The kubelet’s hosts file <says> so.",
            f"Depuis {vantage}, {url} dépend de {rule}. Le fichier hosts de kubelet le <dit>.",
        ),
        exhibits=exhibits(vantage),
        variant=variant,
        way=way(vantage, answers=measured == "answers"),
    )


def way(vantage: str, *, answers: bool) -> tuple[str, ...]:
    """Out of the container into its Pod's network, and to the app if that answers."""
    inside = [(pod, name) for pod in diagram().pods for name, _, id_ in pod.containers if id_ == vantage]
    start = [key for pod, name in inside for key in (container_key(pod, name), net_key(pod))] or ["computer"]
    return (*start, *([f"container {NAMESPACE}/{APP}/back"] if answers else []))


def diagram() -> results.Diagram:
    return msgspec.convert(DATA["diagram"], results.Diagram)


def experiment(name: str, **fields: object) -> Experiment:
    """An experiment whose title and question say its name; as predicted unless ``fields`` say otherwise."""
    title, question = Text(f"Title of {name}", f"Titre de {name}"), Text(f"Why {name}?", f"Pourquoi {name} ?")
    cluster = msgspec.convert(DATA["cluster"], results.ClusterVersions)
    common = {"cluster": cluster, "began": "2026-05-04T10:11:12Z", "seconds": 7.94, "agrees": True}
    return Experiment(name, title, question, **{**common, **fields})


def matrix(name: str, cells: list[Cell], **fields: object) -> Experiment:
    return experiment(name, cells=tuple(cells), vantages=VANTAGES, addresses=ADDRESSES, scene=diagram(), **fields)


def names(*, agrees: bool = True) -> Experiment:
    """A name matrix; with ``agrees=False`` its second cell is not as predicted."""
    pairs = [(vantage.id, address) for vantage in VANTAGES for address in ONLY.get(vantage.id, COMMON)]
    cells = [cell(*pair, agrees=agrees or number != 1) for number, pair in enumerate(pairs)]
    return matrix("names", cells, agrees=agrees)


def number_of(vantage: str, address: str) -> int:
    """The number of a cell of ``names``."""
    return [(cell.vantage, cell.address) for cell in names().cells].index((vantage, address))


def binds() -> Experiment:
    """One app a bind address; no flips, so that the addresses are columns."""
    pairs = [(vantage, address) for vantage in ("app", "other") for address in ("loopback6", "pod-ip", "service")]
    return matrix("binds", [cell(*pair, bind.id) for bind in BINDS for pair in pairs], variants=BINDS)


def whatif() -> Experiment:
    """A base and counterfactuals: the first of them flips a cell."""
    pairs = [(vantage, address) for vantage in ("app", "other") for address in ("pod-name", "service", "pod-ip")]
    cells = [cell(*pair, variant) for variant in ("", *(change.id for change in CHANGES)) for pair in pairs]
    why = Text("The hosts file has the new hostname only.", "Le fichier hosts n’a que le nouveau hostname.")
    change = ("answers", "no-name")
    flip = results.Flip("hostname", "app", "pod-name", change, change, agrees=True, because=why)
    return matrix("whatif", cells, flips=(flip,), variants=CHANGES)


def readiness() -> Experiment:
    """An experiment in time: a timeline, a window that was kept, one that was not, and a fact without a time."""
    expectations = (
        expectation("leaves", within=(4.0, 7.5), at=5.9),
        expectation("returns", within=(12.0, 14.0), at=16.2, agrees=False),
        expectation("same-ip"),
    )
    return experiment("readiness", agrees=False, expectations=expectations, timelines=(timeline(),))


def expectation(name: str, *, within=None, at=None, agrees=True) -> Expectation:
    return Expectation(
        id=name,
        subject="readiness",
        asks=Text(f"{name}: does it happen?", f"{name} : cela se produit-il ?"),
        predicted=Text("yes", "oui"),
        measured=Text("yes", "oui") if agrees else Text("too late", "trop tard"),
        agrees=agrees,
        because=Text("failureThreshold times periodSeconds.", "failureThreshold times periodSeconds, rien d’autre."),
        within=within,
        at=at,
        exhibits=(EVENT,),
        source="https://kubernetes.io/docs/concepts/workloads/pods/probes/",
    )


def timeline() -> results.Timeline:
    title = Text("A Pod that is not ready", "Un Pod qui n’est pas prêt")
    answers = [Moment(float(at), "name", Text("answers", "répond"), "good") for at in range(18)]
    moments = (*msgspec.convert(DATA["moments"], list[Moment]), *answers)
    return results.Timeline("readiness", title, labels("lanes"), moments, 18.2)


def claims() -> Experiment:
    """The course's claims, one a verdict."""
    says = Text("The container’s name answers.", "Le nom du conteneur répond.")
    why = Text("It is the Pod’s hostname that answers.", "C’est le hostname du Pod qui répond.")
    shown_by = ("names app pod-name",)
    return experiment(
        "claims",
        claims=tuple(
            results.Claim(f"claim-{verdict}", says, verdict, why, shown_by, (EVENT,))
            for verdict in ("true", "nuance", "false", "unknown")
        ),
    )


def every_kind() -> list[Experiment]:
    return [names(), binds(), whatif(), readiness(), claims()]
