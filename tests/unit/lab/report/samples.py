"""One made-up experiment of every kind, as rich as real ones: a matrix, variants, flips, times, claims."""

from __future__ import annotations

from lab.experiments.results import (
    Cell,
    Claim,
    ClusterVersions,
    Diagram,
    DiagramPod,
    DiagramService,
    Exhibit,
    Expectation,
    Experiment,
    Flip,
    Label,
    Measurement,
    Moment,
    Prediction,
    Timeline,
)
from lab.experiments.texts import Text
from lab.report.html.diagram import container_key, net_key

APP = "k8-chatroulette-back"
IP, SERVICE_IP = "10.244.0.7", "10.96.12.34"
CLUSTER = ClusterVersions("cats", "v1.37.2", "containerd://2.4.2", "6.12.1", "v2", "cats-control-plane")


def both(text: str) -> Text:
    return Text(en=text, fr=text)


def said(en: str, fr: str) -> Text:
    return Text(en=en, fr=fr)


def labels(**names: tuple[str, str]) -> tuple[Label, ...]:
    more = said("More about it, in one sentence.", "Davantage, en une phrase.")
    return tuple(Label(name.replace("_", "-"), said(*short), more) for name, short in names.items())


VANTAGES = labels(
    app=("app container", "conteneur de l’application"),
    sidecar=("sidecar", "sidecar"),
    guest=("ephemeral", "éphémère"),
    guest_target=("ephemeral --target", "éphémère --target"),
    init=("init container", "conteneur d’initialisation"),
    copy=("debug --copy-to", "debug --copy-to"),
    twin=("twin Pod", "Pod jumeau"),
    other=("other Pod", "autre Pod"),
    other_namespace=("other namespace", "autre namespace"),
    host_network=("hostNetwork Pod", "Pod hostNetwork"),
    node=("node", "nœud"),
    computer=("this computer", "cet ordinateur"),
    port_forward=("port-forward pod/", "port-forward pod/"),
    service_forward=("port-forward svc/", "port-forward svc/"),
    pod_proxy=("API server’s Pod proxy", "proxy de l’API server"),
    kubelet_http=("HTTP probe", "sonde HTTP"),
)
ADDRESSES = labels(
    loopback4=("127.0.0.1", "127.0.0.1"),
    loopback6=("::1", "::1"),
    localhost=("localhost", "localhost"),
    pod_ip=("Pod IP", "IP du Pod"),
    pod_name=("Pod name", "nom du Pod"),
    container_name=("container name", "nom du conteneur"),
    service=("Service", "Service"),
    service_fqdn=("Service FQDN", "FQDN du Service"),
    service_like_pod=("Service named like the Pod", "Service du même nom que le Pod"),
    cluster_ip=("cluster IP", "IP du Service"),
    headless=("hostname.subdomain", "hostname.subdomain"),
    pod_dns=("Pod DNS name", "nom DNS du Pod"),
    node_port=("NodePort", "NodePort"),
    host_alias=("hostAliases name", "nom de hostAliases"),
    getent_pod_name=("getent Pod name", "getent nom du Pod"),
    nslookup_pod_name=("nslookup Pod name", "nslookup nom du Pod"),
    getent_service=("getent Service", "getent Service"),
    nslookup_service=("nslookup Service", "nslookup Service"),
    forward=("forwarded port", "port redirigé"),
    proxy=("proxy path", "chemin du proxy"),
    probe=("the probe’s default", "par défaut"),
    probe_loopback=("host: 127.0.0.1", "host: 127.0.0.1"),
)
URLS = {
    "loopback4": "http://127.0.0.1:3000",
    "loopback6": "http://[::1]:3000",
    "localhost": "http://localhost:3000",
    "pod-ip": f"http://{IP}:3000",
    "pod-name": f"http://{APP}:3000",
    "container-name": "http://back:3000",
    "service": "http://cats:80",
    "service-fqdn": "http://cats.names-4f21.svc.cluster.local:80",
    "service-like-pod": "http://twin:80",
    "cluster-ip": f"http://{SERVICE_IP}:80",
    "headless": "http://whiskers.basket.names-4f21.svc.cluster.local:3000",
    "pod-dns": "http://10-244-0-7.names-4f21.pod.cluster.local:3000",
    "node-port": "http://172.18.0.2:30123",
    "host-alias": "http://tomcat.example:3000",
    "getent-pod-name": APP,
    "nslookup-pod-name": APP,
    "getent-service": "cats",
    "nslookup-service": "cats",
    "forward": "http://127.0.0.1:41234",
    "proxy": f"/api/v1/namespaces/names-4f21/pods/{APP}:3000/proxy/whoami",
    "probe": f"http://{IP}:3000/healthz",
    "probe-loopback": "http://127.0.0.1:3000/healthz",
}
ONE = {"port-forward": {"forward"}, "service-forward": {"forward"}, "pod-proxy": {"proxy"}}
ALONE = {"forward", "proxy", "probe", "probe-loopback"}
INSIDE = {"app", "sidecar", "guest", "guest-target"}
OUTSIDE = {"node", "host-network", "computer"}


Ends = tuple[str, str, str]


def outcome(vantage: str, address: str) -> Ends:
    """What ends how in this made-up cluster: outcome, who, mechanism."""
    if vantage == "init" and address in {"loopback4", "localhost", "pod-ip", "pod-name", "host-alias"}:
        return "refused", "", "not-started"
    if address in {"loopback4", "localhost", "probe-loopback", "loopback6"}:
        answers = vantage in INSIDE and address != "loopback6"
        return ("answers", APP, "shared-loopback") if answers else ("refused", "", "own-loopback")
    if address in {"pod-name", "headless", "host-alias"}:
        return ("answers", APP, "hosts-file") if vantage in INSIDE else ("no-name", "", "dns-knows-no-pod-names")
    return only_resolves(vantage, address) or unresolved(vantage, address) or reached(address)


def only_resolves(vantage: str, address: str) -> Ends | None:
    if address.endswith("-pod-name"):
        found = address.startswith("getent") and vantage in INSIDE
        return ("resolves", IP, "hosts-file") if found else ("no-name", "", "nslookup-bypasses-hosts")
    if address.endswith("-service") and vantage not in OUTSIDE:
        return "resolves", SERVICE_IP, "search-list"
    return None


def unresolved(vantage: str, address: str) -> Ends | None:
    if address == "container-name":
        return "no-name", "", "containers-have-no-names"
    if address == "cluster-ip" and vantage == "computer":
        return "elsewhere", "", "no-route-here"
    if address.rsplit("-", maxsplit=1)[-1] in {"service", "fqdn"} or address == "service-like-pod":
        return ("no-name", "", "not-the-cluster-dns") if vantage in OUTSIDE else None
    return None


def reached(address: str) -> Ends:
    by_service = {"service", "service-fqdn", "service-like-pod", "cluster-ip"}
    who = "twin" if address == "service-like-pod" else APP
    return "answers", who, "cluster-ip" if address in by_service else "pod-ip"


def exhibits(vantage: str) -> tuple[Exhibit, ...]:
    inside = vantage in INSIDE
    return (
        Exhibit(
            "netns",
            f"{vantage}, {APP}",
            f"net:[{4026533100 if inside else 4026533201}]  net:[4026533100]",
            said("The inode of the network namespace, on both sides.", "L’inode du namespace réseau, des deux côtés."),
            f"kubectl -n names-4f21 exec {APP} -c back -- readlink /proc/self/ns/net",
        ),
        Exhibit(
            "hosts",
            f"/etc/hosts, {vantage}",
            f"{IP}\t{APP}" if inside else "10.244.0.9\tother",
            said(
                f"The line that kubelet wrote: the Pod’s hostname, seen from {vantage}.",
                f"La ligne écrite par kubelet : le hostname du Pod, vu de {vantage}.",
            ),
            f"kubectl -n names-4f21 exec {APP} -c back -- cat /etc/hosts",
        ),
        Exhibit(
            "socket",
            f"/proc/net/tcp, {APP}",
            "  0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 <&>",
            said("The app listens on 0.0.0.0:3000.", "L’application écoute sur 0.0.0.0:3000."),
        ),
    )


DETAILS = {"refused": "errno 111, Connection refused", "no-name": "EAI_NONAME", "answers": "200"}


def led_to(address: str, ends: str) -> tuple[str, ...]:
    if ends == "no-name":
        return ()
    twin = {"service-like-pod": "10.96.40.2"}
    by_service = {"service", "service-fqdn", "cluster-ip", "getent-service", "nslookup-service"}
    return (twin.get(address, SERVICE_IP if address in by_service else IP if "pod" in address else "127.0.0.1"),)


def because(vantage: str, address: str, mechanism: str) -> Text:
    return said(
        f"From {vantage}, {URLS[address]} is decided by {mechanism}. The kubelet’s hosts file <says> so.",
        f"Depuis {vantage}, {URLS[address]} dépend de {mechanism}. Le fichier hosts de kubelet le <dit>.",
    )


def cell(vantage: str, address: str, variant: str = "", *, agrees: bool = True) -> Cell:
    ends, who, mechanism = outcome(vantage, address)
    seen = ends if agrees else "refused" if ends == "answers" else "answers"
    return Cell(
        vantage=vantage,
        address=address,
        url=URLS[address],
        predicted=Prediction(ends, who, ("resolve", mechanism)),
        measured=Measurement(seen, who if agrees else "", DETAILS.get(seen, ""), led_to(address, ends), 0.004),
        agrees=agrees,
        mechanism=mechanism,
        because=because(vantage, address, mechanism),
        exhibits=exhibits(vantage),
        variant=variant,
        way=way(vantage, answers=seen == "answers"),
    )


def way(vantage: str, *, answers: bool) -> tuple[str, ...]:
    """Out of the container into its Pod's network, and to the app if that answers."""
    inside = [(pod, name) for pod in scene().pods for name, _, where in pod.containers if where == vantage]
    start = [key for pod, name in inside for key in (container_key(pod, name), net_key(pod))] or ["computer"]
    return (*start, *([f"container names-4f21/{APP}/back"] if answers else []))


def addresses_of(vantage: str) -> list[str]:
    if vantage == "kubelet-http":
        return ["probe", "probe-loopback"]
    return [one.id for one in ADDRESSES if (one.id in ONE[vantage] if vantage in ONE else one.id not in ALONE)]


def scene() -> Diagram:
    space, other = "names-4f21", "names-4f21-other"
    kinds = [("back", "app", "app"), ("sidecar", "sidecar", "sidecar"), ("init", "init", "init")]
    kinds += [("guest", "ephemeral", "guest"), ("guest-target", "ephemeral", "guest-target")]
    return Diagram(
        node=CLUSTER.node,
        pods=(
            DiagramPod(APP, space, IP, "4026533100", tuple(kinds)),
            DiagramPod(f"{APP}-copy", space, "10.244.0.8", "4026533150", (("back", "app", "copy"),)),
            DiagramPod("twin", space, "10.244.0.10", "4026533160", (("back", "app", "twin"),), ready=False),
            DiagramPod("other", space, "10.244.0.9", "4026533201", (("look", "app", "other"),)),
            DiagramPod("other", other, "10.244.0.11", "4026533202", (("look", "app", "other-namespace"),)),
            DiagramPod(
                "host-network", space, "172.18.0.2", "4026531840", (("look", "app", "host-network"),), host_network=True
            ),
        ),
        services=(
            DiagramService("cats", space, SERVICE_IP, "80 → 3000, NodePort 30123", (APP,)),
            DiagramService("twin", space, "10.96.40.2", "80 → 3000", ("twin",)),
            DiagramService("basket", space, "None", "3000", (APP,)),
        ),
    )


def names(*, agrees: bool = True) -> Experiment:
    """A name matrix; with ``agrees=False`` its second cell is not as predicted."""
    pairs = [(one.id, address) for one in VANTAGES for address in addresses_of(one.id)]
    cells = [cell(*pair, agrees=agrees or number != 1) for number, pair in enumerate(pairs)]
    return Experiment(
        experiment="names",
        title=said("Who answers, by which name, from where", "Qui répond, à quel nom, et d’où"),
        question=said("The app answers on localhost and on its name. Why?", "Pourquoi l’application répond-elle ?"),
        cluster=CLUSTER,
        began="2026-05-04T10:11:12Z",
        seconds=7.94,
        agrees=agrees,
        cells=tuple(cells),
        vantages=VANTAGES,
        addresses=ADDRESSES,
        scene=scene(),
    )


BINDS = tuple(Label(one, both(one), said("Listens there.", "Écoute là.")) for one in ("127.0.0.1", "0.0.0.0", "::1"))


def binds() -> Experiment:
    """One app a bind address; no flips, so that the addresses are columns."""
    pairs = [(v, a) for v in ("app", "other", "node") for a in ("loopback4", "loopback6", "pod-ip", "service")]
    cells = tuple(cell(*pair, bind.id) for bind in BINDS for pair in pairs)
    return Experiment(
        "binds",
        said("Where the app listens", "Où l’application écoute"),
        said("Who reaches it?", "Qui l’atteint ?"),
        CLUSTER,
        "2026-05-04T10:11:12Z",
        6.0,
        agrees=True,
        cells=cells,
        vantages=VANTAGES,
        addresses=ADDRESSES,
        variants=BINDS,
        scene=scene(),
    )


WHATIF = labels(hostname=("spec.hostname: felix", "spec.hostname : felix"), renamed=("rename", "renommer"))


def whatif(variants: tuple[Label, ...] = WHATIF) -> Experiment:
    """A base and counterfactuals: the first of them flips a cell."""
    pairs = [(v, a) for v in ("app", "other") for a in ("pod-name", "service", "pod-ip", "getent-pod-name")]
    cells = tuple(cell(*pair, variant) for variant in ("", *(one.id for one in variants)) for pair in pairs)
    why = said("The hosts file has the new hostname only.", "Le fichier hosts n’a que le nouveau hostname.")
    ends = ("answers", "no-name")
    return Experiment(
        "whatif",
        said("What if one field changes", "Et si un champ changeait"),
        said("Which cells flip?", "Quelles cases basculent ?"),
        CLUSTER,
        "2026-05-04T10:11:12Z",
        9.0,
        agrees=True,
        cells=cells,
        flips=(Flip("hostname", "app", "pod-name", ends, ends, agrees=True, because=why),),
        vantages=VANTAGES,
        addresses=ADDRESSES,
        variants=variants,
        scene=scene(),
    )


LANES = labels(
    faults=("the fault", "la panne"),
    endpoints=("endpoints", "endpoints"),
    name=("by its name", "par son nom"),
    service=("by the Service", "par le Service"),
)
EVENT = Exhibit(
    "event",
    "event of the Pod",
    "Warning  Unhealthy  Readiness probe failed: HTTP probe failed with statuscode: 503",
    said("kubelet’s own words.", "Les mots de kubelet."),
    "kubectl get events",
)


def readiness() -> Experiment:
    """An experiment in time: a timeline, windows that were kept, and one that was not."""
    return Experiment(
        "readiness",
        said("Not ready: who still answers?", "Pas prêt : qui répond encore ?"),
        said("What leaves the endpoints, and when?", "Qu’est-ce qui quitte les endpoints, et quand ?"),
        CLUSTER,
        "2026-05-04T10:11:12Z",
        18.2,
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
        asks=said(f"{name}: does it happen?", f"{name} : cela se produit-il ?"),
        predicted=said("yes", "oui"),
        measured=said("yes", "oui") if agrees else said("too late", "trop tard"),
        agrees=agrees,
        because=said("failureThreshold times periodSeconds.", "failureThreshold times periodSeconds, rien d’autre."),
        within=within,
        at=at,
        exhibits=(EVENT,),
        source="https://kubernetes.io/docs/concepts/workloads/pods/probes/",
    )


def timeline() -> Timeline:
    fails, back = said("readyz says 503", "readyz dit 503"), said("readyz says 200", "readyz dit 200")
    return Timeline(
        "readiness",
        said("A Pod that is not ready", "Un Pod qui n’est pas prêt"),
        LANES,
        (
            Moment(4.0, "faults", fails, "bad", 12.0, "PUT /faults/readiness"),
            Moment(12.0, "faults", back, "good"),
            Moment(0.0, "endpoints", said("in the endpoints", "dans les endpoints"), "good", 5.9, "ready: true"),
            Moment(5.9, "endpoints", said("out of them", "hors des endpoints"), "bad", 16.2, "ready: false"),
            Moment(16.2, "endpoints", said("in again", "de retour"), "good", 18.2, "ready: true"),
            *(Moment(float(at), "name", said("answers", "répond"), "good") for at in range(18)),
            Moment(6.2, "service", said("refused", "refusé"), "bad", 16.1),
        ),
        18.2,
    )


def claims() -> Experiment:
    """The course's claims, one a verdict."""
    told = [
        ("true", "Readiness takes the Pod out of the endpoints.", "La readiness retire le Pod des endpoints."),
        ("nuance", "The container’s name answers.", "Le nom du conteneur répond."),
        ("false", "A memory limit slows the container.", "Une limite de mémoire ralentit le conteneur."),
        ("unknown", "The node evicts BestEffort first.", "Le nœud évince d’abord BestEffort."),
    ]
    why = said("It is the Pod’s hostname that answers.", "C’est le hostname du Pod qui répond.")
    return Experiment(
        "claims",
        said("The course’s claims", "Les affirmations du cours"),
        said("Does the cluster agree?", "Le cluster est-il d’accord ?"),
        CLUSTER,
        "2026-05-04T10:11:12Z",
        1.0,
        agrees=True,
        claims=tuple(
            Claim(f"claim-{verdict}", said(en, fr), verdict, why, ("names app pod-name",), (EVENT,))
            for verdict, en, fr in told
        ),
    )


def every_kind() -> list[Experiment]:
    return [names(), binds(), whatif(), readiness(), claims()]
