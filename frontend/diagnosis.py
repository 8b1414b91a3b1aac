"""Explain an outcome: title, cause, and the `kubectl` commands to try next."""

from gettext import NullTranslations
from typing import Any

import msgspec

from frontend.config import Address, Settings
from frontend.connectivity import HEALTHY, Connectivity, Outcome
from frontend.i18n import gettext_noop

LABEL = "app.kubernetes.io/name"
DESCRIBE_SERVICE = "kubectl describe service {name}{ns}"
GET_ENDPOINTS = "kubectl get endpointslices -l kubernetes.io/service-name={name}{ns}"
LOCATE_PODS = "kubectl get pods -o wide{ns}"
GET_FROM_INSIDE = (
    "kubectl debug -it{ns} $(kubectl get pods{ns} -l {label} -o name | head -n 1) --image=busybox "
    "-- wget -qO- http://localhost:{port}/livez"
)
"""An ephemeral container shares the Pod's network, so its localhost is the Pod's."""


class Explanation(msgspec.Struct, frozen=True):
    """Message ids, and command templates; `pod_commands` where BACKEND_URL names an address, not a Service."""

    title: str
    cause: str
    service_commands: tuple[str, ...]
    pod_commands: tuple[str, ...] | None = None


EXPLANATIONS = {
    Outcome.NO_NAME: Explanation(
        gettext_noop("No such name: {host}"),
        gettext_noop(
            "No Service is called {host} here. A Pod’s own name is only known inside that Pod; a Service gives it one "
            "that the others can use."
        ),
        ("kubectl get service {name}{ns}", "kubectl expose pod {name}{ns} --port={port}"),
    ),
    Outcome.DNS_SILENT: Explanation(
        gettext_noop("The name service does not answer"),
        gettext_noop(
            "Asked where {host} is, the cluster’s DNS said nothing in time. The name may be right: look at CoreDNS "
            "first."
        ),
        ("kubectl get pods -n kube-system -l k8s-app=kube-dns",),
    ),
    Outcome.ITSELF: Explanation(
        gettext_noop("That is this frontend itself"),
        gettext_noop("BACKEND_URL points back at this page. The backend listens on port 3000."),
        (DESCRIBE_SERVICE,),
        (LOCATE_PODS,),
    ),
    Outcome.UNREACHABLE: Explanation(
        gettext_noop("No way to {host}"),
        gettext_noop(
            "The name is known, but no route leads to that address. A Pod’s address changes when the Pod is made again."
        ),
        (GET_ENDPOINTS,),
        (LOCATE_PODS,),
    ),
    Outcome.REFUSED: Explanation(
        gettext_noop("Connection refused on port {port}"),
        gettext_noop(
            "The name is known, and port {port} is closed. Nothing listens there, or it listens on 127.0.0.1 only, or "
            "the Service has no ready Pod behind it."
        ),
        (GET_ENDPOINTS, "kubectl get pods{ns}"),
        (LOCATE_PODS,),
    ),
    Outcome.TIMEOUT: Explanation(
        gettext_noop("Nobody opens the door: timed out"),
        gettext_noop(
            "The name is known, and nothing comes back from port {port}: the Pod is gone, or a NetworkPolicy drops "
            "what we send."
        ),
        ("kubectl get pods,networkpolicies -o wide{ns}",),
    ),
    Outcome.NO_PODS: Explanation(
        gettext_noop("The Service has no Pod"),
        gettext_noop(
            "The name leads to a Service, and no Pod wears the labels that it selects. Nothing was deployed, or its "
            "replicas are zero, or the labels differ."
        ),
        (
            "kubectl get deployments,pods{ns} --show-labels",
            DESCRIBE_SERVICE,
            "kubectl scale deployment {name}{ns} --replicas=1",
        ),
    ),
    Outcome.SETTLING: Explanation(
        gettext_noop("A Pod answers, its Service does not yet"),
        gettext_noop(
            "A Pod that has just become ready is sent nobody for a moment. If this lasts, the Service’s targetPort or "
            "selector is wrong."
        ),
        (GET_ENDPOINTS, DESCRIBE_SERVICE),
    ),
    Outcome.WRONG_TARGET_PORT: Explanation(
        gettext_noop("The Pod answers, its Service does not"),
        gettext_noop(
            "Asked directly on port {port}, a Pod is fine; through the Service the connection is refused. Compare the "
            "Service’s targetPort with {port}, and its selector with the Pod’s labels."
        ),
        (DESCRIBE_SERVICE, "kubectl get pods{ns} --show-labels -o wide"),
    ),
    Outcome.NOT_HTTP: Explanation(
        gettext_noop("Something answers, but it is not HTTP"),
        gettext_noop(
            "Port {port} takes the connection, then hangs up or speaks another language. It is probably the port of "
            "another program."
        ),
        (DESCRIBE_SERVICE,),
        (LOCATE_PODS,),
    ),
    Outcome.NOT_OURS: Explanation(
        gettext_noop("Somebody else answers: wrong port?"),
        gettext_noop("Port {port} speaks HTTP ({seen}), but it is not our backend: compare targetPort with 3000."),
        (DESCRIBE_SERVICE,),
        (LOCATE_PODS,),
    ),
    Outcome.NO_ENDPOINTS: Explanation(
        gettext_noop("No Pod is ready"),
        gettext_noop(
            "There are Pods, and a Service only sends to those that are ready: none is, so far. What their readiness "
            "checks say is listed below."
        ),
        (GET_ENDPOINTS, "kubectl get pods{ns} -l {label}", "kubectl get events{ns} --field-selector reason=Unhealthy"),
    ),
    Outcome.SILENT_PODS: Explanation(
        gettext_noop("The Pods do not answer at all"),
        gettext_noop(
            "Their addresses are known, and nothing comes back from them, not even a refusal. A NetworkPolicy drops "
            "what we send, or the Pods or their node are gone."
        ),
        ("kubectl get networkpolicies{ns}", "kubectl get pods{ns} -l {label} -o wide", "kubectl get nodes"),
    ),
    Outcome.CLOSED_OR_LOOPBACK: Explanation(
        gettext_noop("The Pod is there, its port {port} is closed"),
        gettext_noop(
            "The process is still starting, has crashed, or listens on 127.0.0.1, which only the Pod itself can reach. "
            "Its log tells the first two; asking from inside the Pod tells the third."
        ),
        ("kubectl logs{ns} -l {label} --prefix --tail=20", GET_FROM_INSIDE, "kubectl get pods{ns} -l {label}"),
    ),
    Outcome.NO_ANSWER: Explanation(
        gettext_noop("The door opens, then silence: timed out"),
        gettext_noop(
            "Port {port} accepts the connection, then says nothing. The process may be stuck, starting, or short of "
            "CPU."
        ),
        ("kubectl logs service/{name}{ns} --tail=20", "kubectl top pod{ns}"),
        ("kubectl logs k8-chatroulette-back{ns} --tail=20", "kubectl top pod{ns}"),
    ),
    Outcome.NOT_READY: Explanation(
        gettext_noop("The backend is there, but not ready"),
        gettext_noop("It runs, and its readiness probe says: not now. Until it is ready, a Service sends it nobody."),
        ("kubectl get pods{ns}", "kubectl get events{ns} --field-selector reason=Unhealthy"),
    ),
    Outcome.ERROR: Explanation(
        gettext_noop("The backend answers with an error"),
        gettext_noop("The way is free up to the program, which then failed ({seen}). Its log says why."),
        ("kubectl logs service/{name}{ns} --tail=20",),
        ("kubectl logs k8-chatroulette-back{ns} --tail=20",),
    ),
    Outcome.REDIS_AWAY: Explanation(
        gettext_noop("The backend is there, its Redis is not"),
        gettext_noop(
            "What the Pods share is kept in Redis, and Redis does not answer them. The cats can be looked at; nobody "
            "can be paired until it is back."
        ),
        (
            "kubectl get endpointslices -l kubernetes.io/service-name=redis{ns}",
            "kubectl logs service/redis{ns} --tail=20",
            "kubectl logs{ns} -l {label} --prefix --tail=20",
        ),
    ),
    Outcome.REDIS_FULL: Explanation(
        gettext_noop("The backend is there, its Redis is full"),
        gettext_noop(
            "What the Pods share is kept in Redis, which has reached its maxmemory and throws nothing away. Those who "
            "are here go on; nobody else can come in until some have left."
        ),
        (
            "kubectl exec redis-0{ns} -- redis-cli info memory",
            "kubectl get configmaps -l app.kubernetes.io/name=redis -o yaml{ns}",
        ),
    ),
    Outcome.OK: Explanation(
        gettext_noop("The backend answers"),
        gettext_noop("Every hop is fine."),
        (),
    ),
}


def commands(outcome: Outcome, address: Address, namespace: str) -> list[str]:
    """Return the next commands to try, the best first."""
    explanation = EXPLANATIONS[outcome]
    templates = explanation.service_commands
    if address.is_ip and explanation.pod_commands:
        templates = explanation.pod_commands
    name, option = service_of(address, "" if namespace == "default" else namespace)
    return [line.format(name=name, ns=option, port=address.port, label=f"{LABEL}={name}") for line in templates]


def service_of(address: Address, namespace: str) -> tuple[str, str]:
    """Split `name[.namespace[.svc…]]` into the Service's name and the `-n` option it needs."""
    name, _, rest = (address.host, "", "") if address.is_ip else address.host.partition(".")
    namespace = rest.split(".")[0] or namespace
    return name, f" -n {namespace}" if namespace else ""


def describe(connectivity: Connectivity, translations: NullTranslations, settings: Settings) -> dict[str, Any]:
    """Return the connectivity as the page and problem+json show it, translated."""
    outcome, attempt = connectivity.outcome, connectivity.attempt
    explanation = EXPLANATIONS[outcome]
    facts = {"host": attempt.address.host, "port": attempt.address.port, "seen": connectivity.observation}
    shows_version = attempt.version and outcome in {*HEALTHY, Outcome.NOT_READY}
    return {
        "hop": outcome.value,
        "stage": outcome.stage,
        "title": translations.gettext(explanation.title).format(**facts),
        "why": translations.gettext(explanation.cause).format(**facts),
        "tried": attempt.address.url,
        "addresses": list(attempt.resolved),
        "seen": connectivity.observation,
        "reasons": list(connectivity.reasons),
        "commands": commands(outcome, attempt.address, settings.pod_namespace or ""),
        "backend": attempt.version.body if attempt.version and shows_version else None,
        "pods": list(attempt.pods or ()),
        "store": connectivity.store,
    }
