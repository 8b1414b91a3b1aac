"""What the course says of Pods: containers, addresses, YAML, commands."""

from __future__ import annotations

from lab.experiments.sentence import Sentence, seen
from lab.experiments.texts import Text

PODS = (
    Sentence(
        "several-containers",
        Text("A Pod has one or several containers.", "[Un Pod a] un ou plusieurs conteneurs."),
        "true",
        Text(
            "A Pod without any is refused, one with two runs.",
            "Un Pod sans conteneur est refusé, un Pod à deux tourne.",
        ),
        seen("course/no-container=no", "course/one-network=same"),
    ),
    Sentence(
        "one-address",
        Text("[They] share one IP address.", "Partage la même adresse IP."),
        "true",
        Text(
            "One network namespace for all: same inode, same address, and a guest’s localhost is the app’s own.",
            "Un seul namespace réseau : même inode, même adresse, et le localhost d’un invité est celui de l’appli.",
        ),
        seen("course/one-network=same", "names/sidecar/localhost=answers", "names/guest/localhost=answers"),
    ),
    Sentence(
        "volumes",
        Text("[They] may share volumes.", "Peuvent partager des volumes."),
        "true",
        Text(
            "What one writes into a volume that both mount, the other reads.",
            "Ce que l’un écrit dans un volume monté par les deux, l’autre le lit.",
        ),
        seen("course/shared-volume=yes"),
    ),
    Sentence(
        "run",
        Text("`k run mypod --image=busybox` creates a Pod.", "`k run mypod --image=busybox` [crée un Pod]."),
        "nuance",
        Text(
            "It does, and its container ends at once with 0: a shell has nothing to do without a terminal.",
            "Oui, et son conteneur se termine aussitôt avec 0 : un shell sans terminal n’a rien à faire.",
        ),
        seen("course/busybox-ends=0"),
        seen("course/busybox-ends=0"),
    ),
    Sentence(
        "dry-run",
        Text(
            "`--dry-run=client -o yaml` writes the YAML that is printed.",
            "`--dry-run=client -o yaml` permet de générer [le YAML imprimé].",
        ),
        "nuance",
        Text(
            "It writes it with its capitals; as printed, in lower case, the API server refuses it.",
            "Il l’écrit avec ses majuscules ; tel qu’imprimé, en minuscules, l’API server le refuse.",
        ),
        seen("course/generated=yes"),
        seen("course/mypod=no"),
    ),
    Sentence(
        "mypod-yaml",
        Text("mypod’s YAML can be applied as printed.", "`k apply -f pod.yaml` [avec le YAML imprimé]."),
        "false",
        Text(
            "`apiversion`, `pod`, `dnspolicy`: names and kinds are case-sensitive.",
            "`apiversion`, `pod`, `dnspolicy` : la casse compte, dans les noms comme dans les kinds.",
        ),
        seen("course/mypod=yes"),
    ),
    Sentence(
        "at-least",
        Text(
            "At the least, a resource has kind, metadata and spec.",
            "[Une ressource] contient à minima kind, metadata, spec.",
        ),
        "false",
        Text(
            "`apiVersion` is missing from the list, and without it the server refuses.",
            "Il manque `apiVersion` à la liste, et sans lui le serveur refuse.",
        ),
        seen("course/without-api-version=yes"),
    ),
    Sentence(
        "shell",
        Text("The shell must be in the image.", "Le shell doit être disponible dans l’image choisie."),
        "true",
        Text(
            "busybox has /bin/sh, which answers, and no /bin/bash, which is not found.",
            "busybox contient /bin/sh, qui répond, et pas /bin/bash, introuvable.",
        ),
        seen("course/shell=yes", "course/no-bash=no"),
    ),
    Sentence(
        "ephemeral",
        Text(
            "`kubectl debug` runs an ephemeral container in the Pod.",
            "`kubectl debug` : exécution d’un conteneur éphémère dans le Pod.",
        ),
        "true",
        Text(
            "It is in the Pod’s network: from there the app answers on localhost, which it does from no other Pod.",
            "Il est dans le réseau du Pod : l’appli y répond sur localhost, ce qu’elle ne fait d’aucun autre Pod.",
        ),
        seen("names/guest/localhost=answers", "names/other/localhost=refused"),
    ),
    Sentence(
        "port-forward",
        Text(
            "`port-forward` leads a local port to the Pod’s port.",
            "`port-forward` : redirection du port local vers le port du Pod.",
        ),
        "nuance",
        Text(
            "It dials localhost inside the Pod: an app that listens on 127.0.0.1 only answers too.",
            "Il appelle localhost dans le Pod : une appli qui n’écoute que sur 127.0.0.1 répond aussi.",
        ),
        seen("names/port-forward/forward=answers"),
        seen("binds/127.0.0.1/port-forward/forward=answers"),
    ),
    Sentence(
        "name",
        Text(
            "The app answers on localhost and on the container’s name.",
            "L’appli répond lorsqu’on appelle localhost ou le nom du conteneur.",
        ),
        "false",
        Text(
            "It is the Pod’s name that answers, from /etc/hosts; the container’s own is unknown where it differs.",
            "C’est le nom du Pod qui répond, grâce à /etc/hosts ; celui du conteneur, s’il diffère, est inconnu.",
        ),
        seen("names/guest/localhost=answers", "names/guest/container-name=answers"),
        seen("names/guest/pod-name=answers"),
    ),
)
