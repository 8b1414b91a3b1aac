"""What a hop's outcome means, in words, and the `kubectl` commands to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from frontend.connectivity import STAGE, Hop, Kind
from frontend.i18n import mark

if TYPE_CHECKING:
    from gettext import NullTranslations

    from frontend.config import Config, Target

LABEL = "app.kubernetes.io/name"
ASK_FROM_INSIDE = (
    "kubectl debug -it{ns} $(kubectl get pods{ns} -l {label} -o name | head -n 1) --image=busybox "
    "-- wget -qO- http://localhost:{port}/livez"
)
"""An ephemeral container shares the Pod's network, so its localhost is the Pod's."""

TITLE = {
    Kind.NO_NAME: mark("No such name: {host}"),
    Kind.DNS_SILENT: mark("The name service does not answer"),
    Kind.UNREACHABLE: mark("No way to {host}"),
    Kind.REFUSED: mark("Connection refused on port {port}"),
    Kind.TIMEOUT: mark("Nobody opens the door: timed out"),
    Kind.NO_ANSWER: mark("The door opens, then silence: timed out"),
    Kind.NOT_HTTP: mark("Something answers, but it is not HTTP"),
    Kind.NOT_OURS: mark("Somebody else answers: wrong port?"),
    Kind.ITSELF: mark("That is this frontend itself"),
    Kind.NOT_READY: mark("The backend is there, but not ready"),
    Kind.ERROR: mark("The backend answers with an error"),
    Kind.NO_PODS: mark("The Service has no Pod"),
    Kind.NO_ENDPOINTS: mark("No Pod is ready"),
    Kind.CLOSED_OR_LOOPBACK: mark("The Pod is there, its port {port} is closed"),
    Kind.SILENT_PODS: mark("The Pods do not answer at all"),
    Kind.SETTLING: mark("A Pod answers, its Service does not yet"),
    Kind.WRONG_TARGET_PORT: mark("The Pod answers, its Service does not"),
    Kind.REDIS_AWAY: mark("The backend is there, its Redis is not"),
    Kind.OK: mark("The backend answers"),
}

WHY = {
    Kind.NO_NAME: mark(
        "No Service is called {host} here. A Pod’s own name is only known inside that Pod; a Service gives it one "
        "that the others can use."
    ),
    Kind.DNS_SILENT: mark(
        "Asked where {host} is, the cluster’s DNS said nothing in time. The name may be right: look at CoreDNS first."
    ),
    Kind.UNREACHABLE: mark(
        "The name is known, but no route leads to that address. A Pod’s address changes when the Pod is made again."
    ),
    Kind.REFUSED: mark(
        "The name is known, and port {port} is closed. Nothing listens there, or it listens on 127.0.0.1 only, or the "
        "Service has no ready Pod behind it."
    ),
    Kind.TIMEOUT: mark(
        "The name is known, and nothing comes back from port {port}: the Pod is gone, or a NetworkPolicy drops what "
        "we send."
    ),
    Kind.NO_ANSWER: mark(
        "Port {port} accepts the connection, then says nothing. The process may be stuck, starting, or short of CPU."
    ),
    Kind.NOT_HTTP: mark(
        "Port {port} takes the connection, then hangs up or speaks another language. It is probably the port of "
        "another program."
    ),
    Kind.NOT_OURS: mark("Port {port} speaks HTTP ({seen}), but it is not our backend: compare targetPort with 3000."),
    Kind.ITSELF: mark("BACKEND_URL points back at this page. The backend listens on port 3000."),
    Kind.NOT_READY: mark(
        "It runs, and its readiness probe says: not now. Until it is ready, a Service sends it nobody."
    ),
    Kind.ERROR: mark("The way is free up to the program, which then failed ({seen}). Its log says why."),
    Kind.NO_PODS: mark(
        "The name leads to a Service, and no Pod wears the labels that it selects. Nothing was deployed, or its "
        "replicas are zero, or the labels differ."
    ),
    Kind.NO_ENDPOINTS: mark(
        "There are Pods, and a Service only sends to those that are ready: none is, so far. What their readiness "
        "checks say is listed below."
    ),
    Kind.CLOSED_OR_LOOPBACK: mark(
        "The process is still starting, has crashed, or listens on 127.0.0.1, which only the Pod itself can reach. "
        "Its log tells the first two; asking from inside the Pod tells the third."
    ),
    Kind.SILENT_PODS: mark(
        "Their addresses are known, and nothing comes back from them, not even a refusal. A NetworkPolicy drops what "
        "we send, or the Pods or their node are gone."
    ),
    Kind.SETTLING: mark(
        "A Pod that has just become ready is sent nobody for a moment. If this lasts, the Service’s targetPort or "
        "selector is wrong."
    ),
    Kind.WRONG_TARGET_PORT: mark(
        "Asked directly on port {port}, a Pod is fine; through the Service the connection is refused. Compare the "
        "Service’s targetPort with {port}, and its selector with the Pod’s labels."
    ),
    Kind.REDIS_AWAY: mark(
        "What the Pods share is kept in Redis, and Redis does not answer them. The cats can be looked at; nobody can "
        "be paired until it is back."
    ),
    Kind.OK: mark("Every hop is fine."),
}

SERVICE_COMMANDS = {
    Kind.NO_NAME: ("kubectl get service {name}{ns}", "kubectl expose pod {name}{ns} --port={port}"),
    Kind.DNS_SILENT: ("kubectl get pods -n kube-system -l k8s-app=kube-dns",),
    Kind.UNREACHABLE: ("kubectl get endpointslices -l kubernetes.io/service-name={name}{ns}",),
    Kind.REFUSED: ("kubectl get endpointslices -l kubernetes.io/service-name={name}{ns}", "kubectl get pods{ns}"),
    Kind.TIMEOUT: ("kubectl get pods,networkpolicies -o wide{ns}",),
    Kind.NO_ANSWER: ("kubectl logs service/{name}{ns} --tail=20", "kubectl top pod{ns}"),
    Kind.NOT_HTTP: ("kubectl describe service {name}{ns}",),
    Kind.NOT_OURS: ("kubectl describe service {name}{ns}",),
    Kind.ITSELF: ("kubectl describe service {name}{ns}",),
    Kind.NOT_READY: ("kubectl get pods{ns}", "kubectl get events{ns} --field-selector reason=Unhealthy"),
    Kind.ERROR: ("kubectl logs service/{name}{ns} --tail=20",),
    Kind.NO_PODS: (
        "kubectl get deployments,pods{ns} --show-labels",
        "kubectl describe service {name}{ns}",
        "kubectl scale deployment {name}{ns} --replicas=1",
    ),
    Kind.NO_ENDPOINTS: (
        "kubectl get endpointslices -l kubernetes.io/service-name={name}{ns}",
        "kubectl get pods{ns} -l {label}",
        "kubectl get events{ns} --field-selector reason=Unhealthy",
    ),
    Kind.CLOSED_OR_LOOPBACK: (
        "kubectl logs{ns} -l {label} --prefix --tail=20",
        ASK_FROM_INSIDE,
        "kubectl get pods{ns} -l {label}",
    ),
    Kind.SILENT_PODS: (
        "kubectl get networkpolicies{ns}",
        "kubectl get pods{ns} -l {label} -o wide",
        "kubectl get nodes",
    ),
    Kind.SETTLING: (
        "kubectl get endpointslices -l kubernetes.io/service-name={name}{ns}",
        "kubectl describe service {name}{ns}",
    ),
    Kind.WRONG_TARGET_PORT: (
        "kubectl describe service {name}{ns}",
        "kubectl get pods{ns} --show-labels -o wide",
    ),
    Kind.REDIS_AWAY: (
        "kubectl get endpointslices -l kubernetes.io/service-name=redis{ns}",
        "kubectl logs service/redis{ns} --tail=20",
        "kubectl logs{ns} -l {label} --prefix --tail=20",
    ),
    Kind.OK: (),
}

POD_COMMANDS = SERVICE_COMMANDS | {
    Kind.UNREACHABLE: ("kubectl get pods -o wide{ns}",),
    Kind.REFUSED: ("kubectl get pods -o wide{ns}",),
    Kind.NO_ANSWER: ("kubectl logs k8-chatroulette-back{ns} --tail=20", "kubectl top pod{ns}"),
    Kind.NOT_HTTP: ("kubectl get pods -o wide{ns}",),
    Kind.NOT_OURS: ("kubectl get pods -o wide{ns}",),
    Kind.ITSELF: ("kubectl get pods -o wide{ns}",),
    Kind.ERROR: ("kubectl logs k8-chatroulette-back{ns} --tail=20",),
}


def service_of(target: Target, namespace: str) -> tuple[str, str]:
    """Split `name[.namespace[.svc…]]` into the Service's name and the `-n` option it needs."""
    if target.is_address:
        return target.host, f" -n {namespace}" if namespace else ""
    name, _, rest = target.host.partition(".")
    where = rest.split(".")[0] or namespace
    return name, f" -n {where}" if where else ""


def commands(kind: Kind, target: Target, namespace: str) -> list[str]:
    """Return the next commands to try, the best first."""
    table = POD_COMMANDS if target.is_address else SERVICE_COMMANDS
    name, option = service_of(target, "" if namespace == "default" else namespace)
    return [line.format(name=name, ns=option, port=target.port, label=f"{LABEL}={name}") for line in table[kind]]


def describe(hop: Hop, words: NullTranslations, config: Config) -> dict[str, Any]:
    """Return the hop as the page and problem+json show it, in the language of `words`."""
    target = hop.attempt.target
    facts = {"host": target.host, "port": target.port, "seen": hop.seen}
    version = hop.attempt.version
    return {
        "hop": hop.kind.value,
        "stage": STAGE[hop.kind],
        "title": words.gettext(TITLE[hop.kind]).format(**facts),
        "why": words.gettext(WHY[hop.kind]).format(**facts),
        "tried": target.url,
        "addresses": list(hop.attempt.addresses),
        "seen": hop.seen,
        "reasons": list(hop.reasons),
        "commands": commands(hop.kind, target, config.pod_namespace),
        "backend": version.body if version and hop.kind in {Kind.OK, Kind.NOT_READY, Kind.REDIS_AWAY} else None,
        "pods": list(hop.attempt.pods or ()),
        "store": hop.store,
    }
