"""A small made-up experiment of every kind: a matrix, variants, flips, times, claims."""

from __future__ import annotations

from lab.experiments import results
from lab.experiments.results import Cell, Exhibit, Expectation, Experiment, Label, Moment
from lab.experiments.texts import Text, same
from lab.report.html.diagram import container_key, net_key

APP = "k8-chatroulette-back"
IP, SERVICE_IP = "10.244.0.7", "10.96.12.34"
CLUSTER = results.ClusterVersions("cats", "v1.37.2", "containerd://2.4.2", "6.12.1", "v2", "cats-control-plane")
NAMESPACE = "names-4f21"


def labels(**names: tuple[str, str]) -> tuple[Label, ...]:
    more = Text("More about it, in one sentence.", "Davantage, en une phrase.")
    return tuple(Label(name.replace("_", "-"), Text(*short), more) for name, short in names.items())


VANTAGES = labels(
    app=("app container", "conteneur de l’application"),
    guest=("ephemeral", "éphémère"),
    other=("other Pod", "autre Pod"),
    host_network=("hostNetwork Pod", "Pod hostNetwork"),
    computer=("this computer", "cet ordinateur"),
    port_forward=("port-forward pod/", "port-forward pod/"),
    kubelet_http=("HTTP probe", "sonde HTTP"),
)
ADDRESSES = labels(
    loopback4=("127.0.0.1", "127.0.0.1"),
    loopback6=("::1", "::1"),
    pod_ip=("Pod IP", "IP du Pod"),
    pod_name=("Pod name", "nom du Pod"),
    service=("Service", "Service"),
    cluster_ip=("cluster IP", "IP du Service"),
    getent_pod_name=("getent Pod name", "getent nom du Pod"),
    forward=("forwarded port", "port redirigé"),
    probe=("the probe’s default", "par défaut"),
    probe_loopback=("host: 127.0.0.1", "host: 127.0.0.1"),
)
URLS = {
    "loopback4": "http://127.0.0.1:3000",
    "loopback6": "http://[::1]:3000",
    "pod-ip": f"http://{IP}:3000",
    "pod-name": f"http://{APP}:3000",
    "service": "http://cats:80",
    "cluster-ip": f"http://{SERVICE_IP}:80",
    "getent-pod-name": APP,
    "forward": "http://127.0.0.1:41234",
    "probe": f"http://{IP}:3000/healthz",
    "probe-loopback": "http://127.0.0.1:3000/healthz",
}
ONLY = {"port-forward": ["forward"], "kubelet-http": ["probe", "probe-loopback"]}
"""Vantage points with addresses of their own; all others try the rest."""
COMMON = [label.id for label in ADDRESSES if label.id not in {"forward", "probe", "probe-loopback"}]
INSIDE = {"app", "guest"}
OUTCOMES = {
    "loopback4": ("answers", "refused", "own-loopback"),
    "loopback6": ("refused", "refused", "own-loopback"),
    "pod-name": ("answers", "no-name", "hosts-file"),
    "service": ("answers", "no-name", "cluster-ip"),
    "getent-pod-name": ("resolves", "no-name", "hosts-file"),
    "probe-loopback": ("refused", "refused", "own-loopback"),
}
"""How an address ends inside the Pod and outside it, and the rule that decides; the others answer."""


def outcome(vantage: str, address: str) -> tuple[str, str]:
    if (vantage, address) == ("computer", "cluster-ip"):
        return "elsewhere", "no-route"
    inside, outside, rule = OUTCOMES.get(address, ("answers", "answers", "pod-ip"))
    return (inside if vantage in INSIDE else outside), rule


def exhibits(vantage: str) -> tuple[Exhibit, ...]:
    inside = vantage in INSIDE
    return (
        Exhibit(
            "hosts",
            f"/etc/hosts, {vantage}",
            f"{IP}\t{APP}" if inside else "10.244.0.9\tother",
            Text(
                f"The line that kubelet wrote, seen from {vantage}.", f"La ligne écrite par kubelet, vue de {vantage}."
            ),
            f"kubectl -n {NAMESPACE} exec {APP} -c back -- cat /etc/hosts",
        ),
        Exhibit(
            "socket",
            f"/proc/net/tcp, {APP}",
            "  0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 <&>",
            Text("The app listens on 0.0.0.0:3000.", "L’application écoute sur 0.0.0.0:3000."),
        ),
    )


def cell(vantage: str, address: str, variant: str = "", *, agrees: bool = True) -> Cell:
    predicted, rule = outcome(vantage, address)
    measured = predicted if agrees else "refused" if predicted == "answers" else "answers"
    return Cell(
        vantage=vantage,
        address=address,
        url=URLS[address],
        predicted=results.Prediction(predicted, APP if predicted == "answers" else "", ("resolve", rule)),
        measured=results.Measurement(
            measured, APP if agrees and measured == "answers" else "", "errno 111", (IP,), 0.004
        ),
        agrees=agrees,
        mechanism=rule,
        because=Text(
            f"From {vantage}, {URLS[address]} is decided by {rule}. The kubelet’s hosts file <says> so.",
            f"Depuis {vantage}, {URLS[address]} dépend de {rule}. Le fichier hosts de kubelet le <dit>.",
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
    containers = (("back", "app", "app"), ("init", "init", "init"), ("guest", "ephemeral", "guest"))
    host = results.DiagramPod(
        "host", NAMESPACE, "172.18.0.2", "3", (("look", "app", "host-network"),), host_network=True
    )
    return results.Diagram(
        node=CLUSTER.node,
        pods=(
            results.DiagramPod(APP, NAMESPACE, IP, "4026533100", containers),
            results.DiagramPod("twin", NAMESPACE, "10.244.0.10", "4026533160", (("back", "app", "twin"),), ready=False),
            results.DiagramPod("third", NAMESPACE, "10.244.0.12", "4026533161", (("back", "app", "third"),)),
            results.DiagramPod("other", f"{NAMESPACE}-other", "10.244.0.9", "4026533201", (("look", "app", "other"),)),
            host,
        ),
        services=(
            results.DiagramService("cats", NAMESPACE, SERVICE_IP, "80 → 3000, NodePort 30123", (APP,)),
            results.DiagramService("basket", NAMESPACE, "None", "3000", (APP,)),
        ),
    )


def experiment(name: str, **fields: object) -> Experiment:
    """An experiment whose title and question say its name; as predicted unless ``fields`` say otherwise."""
    title, question = Text(f"Title of {name}", f"Titre de {name}"), Text(f"Why {name}?", f"Pourquoi {name} ?")
    common = {"cluster": CLUSTER, "began": "2026-05-04T10:11:12Z", "seconds": 7.94, "agrees": True}
    return Experiment(name, title, question, **{**common, **fields})


def matrix(name: str, cells: list[Cell], **fields: object) -> Experiment:
    return experiment(name, cells=tuple(cells), vantages=VANTAGES, addresses=ADDRESSES, scene=diagram(), **fields)


def names(*, agrees: bool = True) -> Experiment:
    """A name matrix; with ``agrees=False`` its second cell is not as predicted."""
    pairs = [(vantage.id, address) for vantage in VANTAGES for address in ONLY.get(vantage.id, COMMON)]
    cells = [cell(*pair, agrees=agrees or number != 1) for number, pair in enumerate(pairs)]
    return matrix("names", cells, agrees=agrees)


BINDS = tuple(Label(bind, same(bind), Text("Listens there.", "Écoute là.")) for bind in ("127.0.0.1", "0.0.0.0", "::1"))


def binds() -> Experiment:
    """One app a bind address; no flips, so that the addresses are columns."""
    pairs = [(vantage, address) for vantage in ("app", "other") for address in ("loopback6", "pod-ip", "service")]
    return matrix("binds", [cell(*pair, bind.id) for bind in BINDS for pair in pairs], variants=BINDS)


WHATIF = labels(hostname=("spec.hostname: felix", "spec.hostname : felix"), renamed=("rename", "renommer"))


def whatif() -> Experiment:
    """A base and counterfactuals: the first of them flips a cell."""
    pairs = [(vantage, address) for vantage in ("app", "other") for address in ("pod-name", "service", "pod-ip")]
    cells = [cell(*pair, variant) for variant in ("", *(variant.id for variant in WHATIF)) for pair in pairs]
    why = Text("The hosts file has the new hostname only.", "Le fichier hosts n’a que le nouveau hostname.")
    change = ("answers", "no-name")
    flip = results.Flip("hostname", "app", "pod-name", change, change, agrees=True, because=why)
    return matrix("whatif", cells, flips=(flip,), variants=WHATIF)


TRACKS = labels(
    faults=("the fault", "la panne"),
    endpoints=("endpoints", "endpoints"),
    name=("by its name", "par son nom"),
)
EVENT = Exhibit(
    "event",
    "event of the Pod",
    "Warning  Unhealthy  Readiness probe failed: HTTP probe failed with statuscode: 503",
    Text("kubelet’s own words.", "Les mots de kubelet."),
    "kubectl get events",
)


def readiness() -> Experiment:
    """An experiment in time: a timeline, a window that was kept, one that was not, and a fact without a time."""
    return experiment(
        "readiness",
        agrees=False,
        expectations=(
            expectation("leaves", within=(4.0, 7.5), at=5.9),
            expectation("returns", within=(12.0, 14.0), at=16.2, agrees=False),
            expectation("same-ip"),
        ),
        timelines=(timeline(),),
    )


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
    return results.Timeline(
        "readiness",
        Text("A Pod that is not ready", "Un Pod qui n’est pas prêt"),
        TRACKS,
        (
            Moment(4.0, "faults", Text("readyz says 503", "readyz dit 503"), "bad", 12.0, "PUT /faults/readiness"),
            Moment(0.0, "endpoints", Text("in the endpoints", "dans les endpoints"), "good", 5.9, "ready: true"),
            Moment(5.9, "endpoints", Text("out of them", "hors des endpoints"), "bad", 16.2, "ready: false"),
            Moment(16.2, "endpoints", Text("in again", "de retour"), "good", 18.2, "ready: true"),
            *(Moment(float(at), "name", Text("answers", "répond"), "good") for at in range(18)),
        ),
        18.2,
    )


def claims() -> Experiment:
    """The course's claims, one a verdict."""
    says = Text("The container’s name answers.", "Le nom du conteneur répond.")
    why = Text("It is the Pod’s hostname that answers.", "C’est le hostname du Pod qui répond.")
    verdicts = ("true", "nuance", "false", "unknown")
    return experiment(
        "claims",
        claims=tuple(
            results.Claim(f"claim-{verdict}", says, verdict, why, ("names app pod-name",), (EVENT,))
            for verdict in verdicts
        ),
    )


def every_kind() -> list[Experiment]:
    return [names(), binds(), whatif(), readiness(), claims()]


def number_of(vantage: str, address: str) -> int:
    """The number of a cell of ``names``."""
    return [(cell.vantage, cell.address) for cell in names().cells].index((vantage, address))
