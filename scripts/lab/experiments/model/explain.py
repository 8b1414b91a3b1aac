"""Why a cell ends as it does: two plain sentences at most, with the cell's own names and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.model.context import Case, at
from lab.experiments.model.explain_names import leads, unknown
from lab.experiments.texts import Text, join

if TYPE_CHECKING:
    from lab.experiments.model.cluster import Address, Pod, Vantage, World
    from lab.experiments.results import Prediction


def because(world: World, vantage: Vantage, address: Address, prediction: Prediction) -> Text:
    """Say in both languages, in at most two sentences, why the prediction is so."""
    case = Case(world, vantage, address, prediction)
    if prediction.outcome == "not-applicable":
        return Text("This way cannot be taken from here.", "Ce chemin ne part pas d’ici.")
    if "init-before-app" in prediction.rules:
        return join(leads(case), _not_started(case))
    if prediction.outcome == "no-name":
        return unknown(case)
    if prediction.outcome == "resolves":
        return join(leads(case), _asked(case))
    return join(_begins(case), _end(case))


def _begins(case: Case) -> Text | None:
    if case.vantage.kind == "kubelet":
        return _probes(case)
    return _way(case) if case.address.how in {"forward", "pod-proxy"} else leads(case)


def _not_started(case: Case) -> Text:
    pod = case.vantage.pod
    if case.decided_by("no-endpoint"):
        return Text(
            f"The init container runs before the app: `{pod}` is not ready, so the Service has no endpoint yet.",
            f"Le conteneur d’init tourne avant l’app : `{pod}` n’est pas prêt, le Service n’a donc pas encore "
            "d’endpoint.",
        )
    if case.prediction.outcome == "no-name":
        return Text(
            f"The init container runs before the app: `{pod}` is not ready, so DNS does not name it yet.",
            f"Le conteneur d’init tourne avant l’app : `{pod}` n’est pas prêt, le DNS ne le nomme donc pas encore.",
        )
    return Text(
        f"The init container runs before the app: nobody listens in `{pod}` yet.",
        f"Le conteneur d’init tourne avant l’app : personne n’écoute encore dans `{pod}`.",
    )


def _asked(case: Case) -> Text:
    if case.address.how == "nslookup":
        return Text(
            "nslookup asks DNS alone and never reads /etc/hosts.",
            "nslookup n’interroge que le DNS et ne lit jamais /etc/hosts.",
        )
    return Text(
        "getent asks like any program: /etc/hosts first, then DNS.",
        "getent cherche comme tout programme : /etc/hosts d’abord, le DNS ensuite.",
    )


def _probes(case: Case) -> Text:
    host = case.address.host
    if case.address.how == "exec-probe":
        return Text(
            "An exec probe's command runs inside the container, on the Pod's own network.",
            "La commande d’une probe exec tourne dans le conteneur, sur le réseau du Pod.",
        )
    if host:
        return Text(
            f"kubelet probes from the node, so `host: {host}` is the node's own {host}.",
            f"kubelet sonde depuis le nœud : `host: {host}` y désigne le {host} du nœud.",
        )
    return Text(
        f"kubelet probes from the node and, without `host`, dials the Pod IP {case.pod.ip if case.pod else ''}.",
        f"kubelet sonde depuis le nœud et, sans `host`, appelle l’IP du Pod, {case.pod.ip if case.pod else ''}.",
    )


def _way(case: Case) -> Text:
    pod = case.pod
    name = pod.name if pod else case.address.host
    if case.address.how == "pod-proxy":
        return Text(
            f"The API server dials the Pod IP {pod.ip if pod else ''} itself.",
            f"L’API server appelle lui-même l’IP du Pod, {pod.ip if pod else ''}.",
        )
    if "forward-unready" in case.prediction.rules:
        return Text(
            f"port-forward dials localhost inside `{name}` and never asks whether the Pod is ready.",
            f"port-forward appelle localhost dans `{name}`, sans jamais demander si le Pod est prêt.",
        )
    if case.address.host.startswith("service/"):
        return Text(
            f"port-forward only lets the Service choose the Pod, `{name}`, and dials localhost inside it.",
            f"port-forward laisse seulement le Service choisir le Pod, `{name}`, et y appelle localhost.",
        )
    return Text(
        f"port-forward dials localhost inside the Pod `{name}`: 127.0.0.1, then ::1.",
        f"port-forward appelle localhost dans le Pod `{name}` : 127.0.0.1, puis ::1.",
    )


def _end(case: Case) -> Text:
    outcome = case.prediction.outcome
    if outcome == "elsewhere":
        return _elsewhere(case)
    if outcome == "refused":
        return _refused(case)
    if case.service:
        return _through_service(case)
    return _listens(case)


def _elsewhere(case: Case) -> Text:
    address, port = case.aim.address, case.address.port
    if case.decided_by("own-loopback"):
        return Text(
            f"On this computer {address} is the computer's own loopback, and no Pod listens there.",
            f"Sur cet ordinateur, {address} est sa propre boucle locale, et aucun Pod n’y écoute.",
        )
    if case.decided_by("outside-cluster"):
        return Text(
            f"{address} means something inside the cluster only: from this computer the packet leaves for elsewhere.",
            f"{address} n’a de sens que dans le cluster : depuis cet ordinateur, le paquet part ailleurs.",
        )
    if case.decided_by("unlisted-port") and case.service:
        return Text(
            f"The Service `{case.service.name}` has no port {port}: kube-proxy has no rule for it, and the packet "
            "leaves the cluster.",
            f"Le Service `{case.service.name}` n’a pas de port {port} : kube-proxy n’a pas de règle pour lui, et le "
            "paquet quitte le cluster.",
        )
    return Text(
        f"Nobody in the cluster has {address}: the packet leaves by the default route.",
        f"Personne n’a {address} dans le cluster : le paquet part par la route par défaut.",
    )


def _refused(case: Case) -> Text:
    if case.decided_by("no-endpoint") and case.service:
        return Text(
            f"The Service `{case.service.name}` has no ready Pod behind it, so kube-proxy refuses at once.",
            f"Le Service `{case.service.name}` n’a aucun Pod prêt derrière lui : kube-proxy refuse aussitôt.",
        )
    return _bound_elsewhere(case, case.target) if case.target else _quiet(case)


def _quiet(case: Case) -> Text:
    """Nobody of ours is in that network namespace."""
    address, port = case.aim.address, case.address.port
    if "own-loopback" in case.prediction.rules:
        return Text(
            f"{address} is the loopback of {case.here.en}, not the app's, and nobody listens on port {port} there.",
            f"{address} est la boucle locale {case.of_here}, pas celle de l’app, et personne n’y écoute sur le "
            f"port {port}.",
        )
    return Text(
        f"Nobody listens on {at(address, port)}.",
        f"Personne n’écoute sur {at(address, port)}.",
    )


def _bound_elsewhere(case: Case, pod: Pod) -> Text:
    """In that network namespace nobody takes this call: say who listens to which other one."""
    port, address = case.aim.port, case.arrives
    binds = [one.bind for container in pod.containers for one in container.listeners if one.port == port]
    if binds:
        return Text(
            f"The app in `{pod.name}` listens on {binds[0]} alone, and this call comes to {address}.",
            f"L’app de `{pod.name}` n’écoute que sur {binds[0]}, et cet appel arrive sur {address}.",
        )
    if case.names_own_pod and case.is_service_too:
        return Text(
            f"That is the Pod itself, not the Service of the same name: on port {port} nobody listens there.",
            f"C’est le Pod lui-même, pas le Service du même nom : personne n’y écoute sur le port {port}.",
        )
    return Text(
        f"Nobody listens on port {port} in `{pod.name}`.",
        f"Personne n’écoute sur le port {port} dans `{pod.name}`.",
    )


def _through_service(case: Case) -> Text:
    who, asked, port = case.prediction.who, case.address.port, case.aim.port
    itself = case.vantage.pod == who and case.vantage.kind == "container"
    en, fr = (", the very Pod that asks", ", celui-là même qui demande") if itself else ("", "")
    if "node-port" in case.prediction.rules:
        return Text(
            f"The node hands its port {asked} to the ready Pod `{who}`{en}, port {port}.",
            f"Le nœud remet ce qui arrive sur son port {asked} au Pod prêt `{who}`{fr}, port {port}.",
        )
    return Text(
        f"kube-proxy rewrites {at(case.aim.address, asked)} to a ready Pod, `{who}`{en}, port {port}.",
        f"kube-proxy récrit {at(case.aim.address, asked)} vers un Pod prêt, `{who}`{fr}, port {port}.",
    )


def _listens(case: Case) -> Text:
    pod = case.target
    bind, address, name = case.bind, case.aim.address, pod.name if pod else case.prediction.who
    if case.names_own_pod:
        return Text(
            f"It is the Pod's hostname, not the container's name; the app listens on {bind} and answers.",
            f"C’est le nom d’hôte du Pod, pas celui du conteneur ; l’app écoute sur {bind} et répond.",
        )
    if "own-loopback" in case.prediction.rules and pod and pod.host_network:
        return Text(
            f"`{name}` uses the node's network, so the node's loopback is its own; its app listens on {bind}.",
            f"`{name}` utilise le réseau du nœud, dont la boucle locale est donc la sienne ; son app écoute sur "
            f"{bind}.",
        )
    if "own-loopback" in case.prediction.rules and case.address.how == "connect":
        return Text(
            f"All containers of `{name}` share one network namespace and its loopback; the app listens on {bind} "
            "and answers.",
            f"Les conteneurs de `{name}` partagent un namespace réseau et sa boucle locale ; l’app écoute sur {bind} "
            "et répond.",
        )
    return Text(
        f"The app in `{name}` listens on {bind}, so it takes the call to {at(address, case.aim.port)}.",
        f"L’app de `{name}` écoute sur {bind} et prend donc l’appel vers {at(address, case.aim.port)}.",
    )
