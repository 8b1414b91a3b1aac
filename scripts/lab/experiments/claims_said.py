"""The course's sentences, in its order, each with what was to be seen if it is so, and what it leaves out.

`known` is the verdict that the explanation speaks of; where a cluster gives another, what was seen is said instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.findings import Words

if TYPE_CHECKING:
    from lab.findings import Verdict

NEEDED = ("names", "binds", "readiness", "liveness", "startup", "probes", "limits", "qos", "top", "database", "course")
"""The experiments on which the verdicts stand."""


@dataclass(frozen=True)
class Shows:
    """Something that may have been seen: where it is measured, and the outcome or word to look for."""

    ref: str
    value: str


@dataclass(frozen=True)
class Sentence:
    """One sentence of the course, and what it stands or falls with."""

    id: str
    says: Words
    known: Verdict
    because: Words
    says_that: tuple[Shows, ...]
    leaves_out: tuple[Shows, ...] = ()


def _seen(*pairs: str) -> tuple[Shows, ...]:
    """Read ``ref=value`` words."""
    return tuple(Shows(ref, value) for ref, _, value in (pair.partition("=") for pair in pairs))


SENTENCES = (
    Sentence(
        "several-containers",
        Words("A Pod has one or several containers.", "[Un Pod a] un ou plusieurs conteneurs."),
        "true",
        Words(
            "A Pod without any is refused, one with two runs.",
            "Un Pod sans conteneur est refusé, un Pod à deux tourne.",
        ),
        _seen("course/no-container=no", "course/one-network=same"),
    ),
    Sentence(
        "one-address",
        Words("[They] share one IP address.", "Partage la même adresse IP."),
        "true",
        Words(
            "One network namespace for all: same inode, same address, and a guest’s localhost is the app’s own.",
            "Un seul network namespace : même inode, même adresse, et le localhost d’un invité est celui de l’appli.",
        ),
        _seen("course/one-network=same", "names/sidecar/localhost=answers", "names/guest/localhost=answers"),
    ),
    Sentence(
        "volumes",
        Words("[They] may share volumes.", "Peuvent partager des volumes."),
        "true",
        Words(
            "What one writes into a volume that both mount, the other reads.",
            "Ce que l’un écrit dans un volume monté par les deux, l’autre le lit.",
        ),
        _seen("course/shared-volume=yes"),
    ),
    Sentence(
        "run",
        Words("`k run mypod --image=busybox` creates a Pod.", "`k run mypod --image=busybox` [crée un Pod]."),
        "nuance",
        Words(
            "It does, and its container ends at once with 0: a shell has nothing to do without a terminal.",
            "Oui, et son conteneur se termine aussitôt avec 0 : un shell sans terminal n’a rien à faire.",
        ),
        _seen("course/busybox-ends=0"),
        _seen("course/busybox-ends=0"),
    ),
    Sentence(
        "dry-run",
        Words(
            "`--dry-run=client -o yaml` writes the YAML that is printed.",
            "`--dry-run=client -o yaml` permet de générer [le YAML imprimé].",
        ),
        "nuance",
        Words(
            "It writes it with its capitals; as printed, in lower case, the API server refuses it.",
            "Il l’écrit avec ses majuscules ; tel qu’imprimé, en minuscules, le serveur d’API le refuse.",
        ),
        _seen("course/generated=yes"),
        _seen("course/mypod=no"),
    ),
    Sentence(
        "mypod-yaml",
        Words("mypod’s YAML can be applied as printed.", "`k apply -f pod.yaml` [avec le YAML imprimé]."),
        "false",
        Words(
            "`apiversion`, `pod`, `dnspolicy`: names and kinds are case-sensitive.",
            "`apiversion`, `pod`, `dnspolicy` : la casse compte, dans les noms comme dans les kinds.",
        ),
        _seen("course/mypod=yes"),
    ),
    Sentence(
        "at-least",
        Words(
            "At the least, a resource has kind, metadata and spec.",
            "[Une ressource] contient à minima kind, metadata, spec.",
        ),
        "false",
        Words(
            "`apiVersion` is missing from the list, and without it the server refuses.",
            "Il manque `apiVersion` à la liste, et sans lui le serveur refuse.",
        ),
        _seen("course/without-api-version=yes"),
    ),
    Sentence(
        "shell",
        Words("The shell must be in the image.", "Le shell doit être disponible dans l’image choisie."),
        "true",
        Words(
            "busybox has /bin/sh, which answers, and no /bin/bash, which is not found.",
            "busybox contient /bin/sh, qui répond, et pas /bin/bash, introuvable.",
        ),
        _seen("course/shell=yes", "course/no-bash=no"),
    ),
    Sentence(
        "ephemeral",
        Words(
            "`kubectl debug` runs an ephemeral container in the Pod.",
            "`kubectl debug` : exécution d’un conteneur éphémère dans le Pod.",
        ),
        "true",
        Words(
            "It is in the Pod’s network: from there the app answers on localhost, which it does from no other Pod.",
            "Il est dans le réseau du Pod : l’appli y répond sur localhost, ce qu’elle ne fait d’aucun autre Pod.",
        ),
        _seen("names/guest/localhost=answers", "names/other/localhost=refused"),
    ),
    Sentence(
        "port-forward",
        Words(
            "`port-forward` leads a local port to the Pod’s port.",
            "`port-forward` : redirection du port local vers le port du Pod.",
        ),
        "nuance",
        Words(
            "It dials localhost inside the Pod: an app that listens on 127.0.0.1 only answers too.",
            "Il appelle localhost dans le Pod : une appli qui n’écoute que sur 127.0.0.1 répond aussi.",
        ),
        _seen("names/port-forward/forward=answers"),
        _seen("binds/127.0.0.1/port-forward/forward=answers"),
    ),
    Sentence(
        "two-kinds",
        Words("Two kinds of probe: readiness, liveness.", "2 types de sonde : readiness, liveness."),
        "nuance",
        Words(
            "There is a third, startup, which holds the other two back.",
            "Il y en a une troisième, startup, qui retient les deux autres.",
        ),
        _seen("readiness/not-ready=happens", "liveness/killed=happens"),
        _seen("course/startup-probe=yes"),
    ),
    Sentence(
        "three-ways",
        Words("Three ways to probe: TCP, HTTP, command.", "3 manières de sonder : TCP, HTTP, Command."),
        "nuance",
        Words("gRPC is a fourth.", "gRPC en est une quatrième."),
        _seen(
            "names/kubelet-tcp/probe=answers",
            "names/kubelet-http/probe=answers",
            "names/kubelet-exec/probe-loopback=answers",
        ),
        _seen("course/grpc-probe=yes"),
    ),
    Sentence(
        "tcp-ping",
        Words("TCP: a TCP ping of a port.", "TCP : ping TCP sur un port donné."),
        "nuance",
        Words(
            "It opens a connection to a port, which a ping does not; and asks no more: an app that hangs passes.",
            "Elle ouvre une connexion à un port, ce qu’un ping ne fait pas ; sans plus : une appli figée réussit.",
        ),
        _seen("names/kubelet-tcp/probe=answers", "probes/loopback-tcp=fails"),
        _seen("probes/ping=answers", "probes/hangs-tcp=passes"),
    ),
    Sentence(
        "http-get",
        Words("HTTP: a GET of a URL.", "HTTP : http GET sur une URL donnée."),
        "true",
        Words(
            "It waits for the answer and reads its code: 500 fails, silence fails.",
            "Elle attend la réponse et en lit le code : 500 échoue, le silence échoue.",
        ),
        _seen("names/kubelet-http/probe=answers", "probes/errors-http=fails", "probes/hangs-http=fails"),
    ),
    Sentence(
        "command",
        Words("Command: runs a command in the container.", "Command : exécute une commande dans le conteneur."),
        "true",
        Words(
            "From inside, 127.0.0.1 is the app’s; the other two kinds come from the node.",
            "De l’intérieur, 127.0.0.1 est celui de l’appli ; les deux autres sondes viennent du nœud.",
        ),
        _seen("names/kubelet-exec/probe-loopback=answers", "probes/loopback-exec=passes"),
    ),
    Sentence(
        "no-traffic",
        Words(
            "A Pod whose readiness is NotReady receives no traffic.",
            "Un Pod avec une sonde readiness NotReady ne reçoit aucun trafic.",
        ),
        "nuance",
        Words(
            "None through its Service; its IP, its name and port-forward answer as before.",
            "Aucun par son Service ; son IP, son nom et le port-forward répondent comme avant.",
        ),
        _seen("readiness/service-refuses=refused"),
        _seen("readiness/pod-ip=answers", "readiness/pod-name=answers", "readiness/port-forward=answers"),
    ),
    Sentence(
        "waits",
        Words(
            "So one can wait until the service is ready before traffic is routed to it.",
            "Cela permet d’attendre que le service soit prêt avant de router du trafic.",
        ),
        "true",
        Words(
            "The Service answers again only once the probe has passed.",
            "Le Service ne répond de nouveau qu’une fois la sonde réussie.",
        ),
        _seen("readiness/service-refuses=refused", "readiness/service-answers=answers"),
    ),
    Sentence(
        "endpoints",
        Words(
            "A Ready Pod is then registered in the Service’s endpoints.",
            "Un Pod Ready est ensuite enregistré dans les endpoints du service associé.",
        ),
        "nuance",
        Words(
            "It is registered before as well; what changes is the endpoint’s `ready`.",
            "Il y est inscrit avant aussi ; c’est le `ready` de l’endpoint qui change.",
        ),
        _seen("readiness/endpoint-returns=happens"),
        _seen("course/unready-listed=yes"),
    ),
    Sentence(
        "pod-restarted",
        Words(
            "A Pod whose liveness fails is restarted after a defined interval.",
            "Un Pod avec une sonde liveness sans succès est redémarré au bout d’un intervalle défini.",
        ),
        "nuance",
        Words(
            "Its container is, after so many failures in a row; the Pod stays: same IP, same network, same sidecar.",
            "Son conteneur l’est, après tant d’échecs de suite ; le Pod reste : même IP, même réseau, même sidecar.",
        ),
        _seen("liveness/killed=happens", "liveness/restarted=happens"),
        _seen("liveness/pod-ip=same", "liveness/sidecar=0"),
    ),
    Sentence(
        "goproxy-yaml",
        Words("goproxy’s YAML, as printed, is a Pod.", "[Le YAML de goproxy, tel qu’imprimé, est un Pod.]"),
        "false",
        Words(
            "Lower case again; and with its capitals mended, `labels` still stands beside metadata.",
            "Encore les minuscules ; et même la casse corrigée, `labels` reste à côté de metadata.",
        ),
        _seen("course/goproxy=yes", "course/goproxy-cased=yes"),
    ),
    Sentence(
        "best-effort",
        Words("Without request or limit: best effort.", "Sans request/limit => best effort."),
        "true",
        Words("The API server gives it the class BestEffort.", "Le serveur d’API lui donne la classe BestEffort."),
        _seen("course/best-effort=BestEffort"),
    ),
    Sentence(
        "request",
        Words(
            "Request: the least that is guaranteed (reservation).",
            "Request : allocation minimum garantie (réservation).",
        ),
        "nuance",
        Words(
            "The scheduler reserves it: who asks for too much is not placed. The kernel keeps no memory for it.",
            "L’ordonnanceur la réserve : qui demande trop n’est pas placé. Le noyau, lui, ne garde aucune mémoire.",
        ),
        _seen("course/reserved=yes"),
        _seen("course/floor=no"),
    ),
    Sentence(
        "limit",
        Words("Limit: the most that is allocated.", "Limit : allocation maximum (limite)."),
        "true",
        Words(
            "Memory beyond it is answered with a kill, 137, OOMKilled; CPU beyond it with waiting.",
            "Au-delà, la mémoire se paie d’un arrêt, 137, OOMKilled ; le CPU, d’une attente.",
        ),
        _seen("limits/memory-code=137", "limits/memory-reason=OOMKilled", "limits/cpu-throttled=yes"),
    ),
    Sentence(
        "two-resources",
        Words("It is based on CPU and RAM.", "Se base sur le CPU et la RAM."),
        "nuance",
        Words(
            "On disk too: the server takes a limit on ephemeral-storage.",
            "Sur le disque aussi : le serveur accepte une limite d’ephemeral-storage.",
        ),
        _seen("limits/memory-code=137", "limits/cpu-throttled=yes"),
        _seen("course/storage=yes"),
    ),
    Sentence(
        "milli",
        Words("100m: 0.1 vCPU.", "100m : 0.1 vCPU."),
        "true",
        Words("The API server writes 0.1 as 100m by itself.", "Le serveur d’API écrit de lui-même 0.1 comme 100m."),
        _seen("course/milli=100m"),
    ),
    Sentence(
        "bases",
        Words("M: in base 10. Mi: in base 2.", "M : en base 10. Mi : en base 2."),
        "true",
        Words(
            "The kernel’s limit is 128,000,000 bytes for 128M and 134,217,728 for 128Mi.",
            "La limite du noyau est de 128\u202f000\u202f000 octets pour 128M, de 134\u202f217\u202f728 pour 128Mi.",
        ),
        _seen("course/bytes-m=128000000", "course/bytes-mi=134217728"),
    ),
    Sentence(
        "name",
        Words(
            "The app answers on localhost and on the container’s name.",
            "L’appli répond lorsqu’on appelle localhost ou le nom du conteneur.",
        ),
        "false",
        Words(
            "It is the Pod’s name that answers, from /etc/hosts; the container’s own is unknown where it differs.",
            "C’est le nom du Pod qui répond, grâce à /etc/hosts ; celui du conteneur, s’il diffère, est inconnu.",
        ),
        _seen("names/guest/localhost=answers", "names/guest/container-name=answers"),
        _seen("names/guest/pod-name=answers"),
    ),
    Sentence(
        "http-paths",
        Words(
            "It is indispensable to define HTTP paths that tell whether the Pod is viable.",
            "Définir des chemins HTTP pour déterminer si le Pod est viable est indispensable.",
        ),
        "nuance",
        Words(
            "A TCP probe does not notice an app that answers 500; HTTP does, and so does a command.",
            "Une sonde TCP ne voit pas une appli qui répond 500 ; HTTP la voit, une commande aussi.",
        ),
        _seen("probes/errors-http=fails", "probes/errors-tcp=passes"),
        _seen("probes/errors-exec=fails"),
    ),
)
