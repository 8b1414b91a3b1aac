"""What the course says of probes, readiness and liveness."""

from __future__ import annotations

from lab.experiments.sentence import Sentence, seen
from lab.experiments.texts import Text

PROBES = (
    Sentence(
        "two-kinds",
        Text("Two kinds of probe: readiness, liveness.", "2 types de sonde : readiness, liveness."),
        "nuance",
        Text(
            "There is a third, startup, which holds the other two back.",
            "Il y en a une troisième, startup, qui retient les deux autres.",
        ),
        seen("readiness/not-ready=happens", "liveness/killed=happens"),
        seen("course/startup-probe=yes"),
    ),
    Sentence(
        "three-ways",
        Text("Three ways to probe: TCP, HTTP, command.", "3 manières de sonder : TCP, HTTP, Command."),
        "nuance",
        Text("gRPC is a fourth.", "gRPC en est une quatrième."),
        seen(
            "names/kubelet-tcp/probe=answers",
            "names/kubelet-http/probe=answers",
            "names/kubelet-exec/probe-loopback=answers",
        ),
        seen("course/grpc-probe=yes"),
    ),
    Sentence(
        "tcp-ping",
        Text("TCP: a TCP ping of a port.", "TCP : ping TCP sur un port donné."),
        "nuance",
        Text(
            "It opens a connection to a port, which a ping does not; and asks no more: an app that hangs passes.",
            "Elle ouvre une connexion à un port, ce qu’un ping ne fait pas ; sans plus : une appli figée réussit.",
        ),
        seen("names/kubelet-tcp/probe=answers", "probes/loopback-tcp=fails"),
        seen("probes/ping=answers", "probes/hangs-tcp=passes"),
    ),
    Sentence(
        "http-get",
        Text("HTTP: a GET of a URL.", "HTTP : http GET sur une URL donnée."),
        "true",
        Text(
            "It waits for the answer and reads its code: 500 fails, silence fails.",
            "Elle attend la réponse et en lit le code : 500 échoue, le silence échoue.",
        ),
        seen("names/kubelet-http/probe=answers", "probes/errors-http=fails", "probes/hangs-http=fails"),
    ),
    Sentence(
        "command",
        Text("Command: runs a command in the container.", "Command : exécute une commande dans le conteneur."),
        "true",
        Text(
            "From inside, 127.0.0.1 is the app’s; the other two kinds come from the node.",
            "De l’intérieur, 127.0.0.1 est celui de l’appli ; les deux autres sondes viennent du nœud.",
        ),
        seen("names/kubelet-exec/probe-loopback=answers", "probes/loopback-exec=passes"),
    ),
    Sentence(
        "no-traffic",
        Text(
            "A Pod whose readiness is NotReady receives no traffic.",
            "Un Pod avec une sonde readiness NotReady ne reçoit aucun trafic.",
        ),
        "nuance",
        Text(
            "None through its Service; its IP, its name and port-forward answer as before.",
            "Aucun par son Service ; son IP, son nom et le port-forward répondent comme avant.",
        ),
        seen("readiness/service-refuses=refused"),
        seen("readiness/pod-ip=answers", "readiness/pod-name=answers", "readiness/port-forward=answers"),
    ),
    Sentence(
        "waits",
        Text(
            "So one can wait until the service is ready before traffic is routed to it.",
            "Cela permet d’attendre que le service soit prêt avant de router du trafic.",
        ),
        "true",
        Text(
            "The Service answers again only once the probe has passed.",
            "Le Service ne répond de nouveau qu’une fois la sonde réussie.",
        ),
        seen("readiness/service-refuses=refused", "readiness/service-answers=answers"),
    ),
    Sentence(
        "endpoints",
        Text(
            "A Ready Pod is then registered in the Service’s endpoints.",
            "Un Pod Ready est ensuite enregistré dans les endpoints du service associé.",
        ),
        "nuance",
        Text(
            "It is registered before as well; what changes is the endpoint’s `ready`.",
            "Il y est inscrit avant aussi ; c’est le `ready` de l’endpoint qui change.",
        ),
        seen("readiness/endpoint-returns=happens"),
        seen("course/unready-listed=yes"),
    ),
    Sentence(
        "pod-restarted",
        Text(
            "A Pod whose liveness fails is restarted after a defined interval.",
            "Un Pod avec une sonde liveness sans succès est redémarré au bout d’un intervalle défini.",
        ),
        "nuance",
        Text(
            "Its container is, after so many failures in a row; the Pod stays: same IP, same network, same sidecar.",
            "Son conteneur l’est, après tant d’échecs de suite ; le Pod reste : même IP, même réseau, même sidecar.",
        ),
        seen("liveness/killed=happens", "liveness/restarted=happens"),
        seen("liveness/pod-ip=same", "liveness/sidecar=0"),
    ),
    Sentence(
        "goproxy-yaml",
        Text("goproxy’s YAML, as printed, is a Pod.", "[Le YAML de goproxy, tel qu’imprimé, est un Pod.]"),
        "false",
        Text(
            "Lower case again; and with its capitals mended, `labels` still stands beside metadata.",
            "Encore les minuscules ; et même la casse corrigée, `labels` reste à côté de metadata.",
        ),
        seen("course/goproxy=yes", "course/goproxy-cased=yes"),
    ),
    Sentence(
        "http-paths",
        Text(
            "It is indispensable to define HTTP paths that tell whether the Pod is viable.",
            "Définir des chemins HTTP pour déterminer si le Pod est viable est indispensable.",
        ),
        "nuance",
        Text(
            "A TCP probe does not notice an app that answers 500; HTTP does, and so does a command.",
            "Une sonde TCP ne voit pas une appli qui répond 500 ; HTTP la voit, une commande aussi.",
        ),
        seen("probes/errors-http=fails", "probes/errors-tcp=passes"),
        seen("probes/errors-exec=fails"),
    ),
)
