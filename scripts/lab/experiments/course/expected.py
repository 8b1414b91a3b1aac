"""What the cluster must say to what the course types: one fact each, worked out from Kubernetes' own documents."""

from __future__ import annotations

from lab.experiments.texts import Text
from lab.experiments.timed.expecting import Expect

_OBJECTS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/#required-fields"
_API = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"
_PODS = "https://kubernetes.io/docs/concepts/workloads/pods/"
_RESTARTS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy"
_PROBES = "https://kubernetes.io/docs/concepts/workloads/pods/probes/"
_RESOURCES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
_QOS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/"
_SLICES = "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions"
_VOLUMES = "https://kubernetes.io/docs/concepts/storage/volumes/#emptydir"

_CASES = Text(
    en="Field names and kinds are case-sensitive: `apiVersion`, `Pod`, `dnsPolicy`.",
    fr="Les noms de champs et les kinds respectent la casse : `apiVersion`, `Pod`, `dnsPolicy`.",
)


def _takes(id_: str, what: Text, value: str, because: Text, source: str = _API) -> Expect:
    asks = Text(en=f"Does the API server take {what.en}?", fr=f"L’API server accepte-t-il {what.fr} ?")
    return Expect(id_, "API server", asks, value, because, source)


EXPECTED = (
    _takes("mypod", Text("mypod’s YAML as printed", "le YAML de mypod tel quel"), "no", _CASES),
    _takes("goproxy", Text("goproxy’s YAML as printed", "le YAML de goproxy tel quel"), "no", _CASES),
    _takes(
        "goproxy-cased",
        Text("goproxy’s YAML with its capitals mended", "le YAML de goproxy une fois les majuscules corrigées"),
        "no",
        Text(
            "`labels` stands beside `metadata`: a Pod has no such field there.",
            "`labels` est à côté de `metadata` : un Pod n’a pas ce champ à cet endroit.",
        ),
    ),
    _takes(
        "database",
        Text("the database’s YAML as printed", "le YAML de la base de données tel quel"),
        "yes",
        Text("Its fields are right; what runs is another matter.", "Ses champs sont justes ; la suite est à part."),
    ),
    _takes(
        "without-api-version",
        Text("kind, metadata and spec alone", "kind, metadata et spec seuls"),
        "no",
        Text("`apiVersion` is required too.", "`apiVersion` est obligatoire aussi."),
        _OBJECTS,
    ),
    _takes(
        "no-container",
        Text("a Pod without a container", "un Pod sans conteneur"),
        "no",
        Text("A Pod has at least one container.", "Un Pod a au moins un conteneur."),
        _PODS,
    ),
    _takes(
        "startup-probe",
        Text("a third kind of probe, startup", "un troisième type de sonde, startup"),
        "yes",
        Text("Startup holds the other two back.", "Startup retient les deux autres."),
        _PROBES,
    ),
    _takes(
        "grpc-probe",
        Text("a fourth way to probe, gRPC", "une quatrième manière de sonder, gRPC"),
        "yes",
        Text("kubelet speaks the gRPC health protocol.", "kubelet parle le protocole de santé de gRPC."),
        _PROBES,
    ),
    _takes(
        "storage",
        Text("a limit on disk, ephemeral-storage", "une limite de disque, ephemeral-storage"),
        "yes",
        Text("Disk and huge pages are counted too.", "Le disque et les huge pages se comptent aussi."),
        _RESOURCES,
    ),
    Expect(
        "best-effort",
        "API server",
        Text("Which class has a Pod without requests and limits?", "Quelle classe pour un Pod sans request ni limit ?"),
        "BestEffort",
        Text("No container asks for anything.", "Aucun conteneur ne demande quoi que ce soit."),
        _QOS,
    ),
    Expect(
        "milli",
        "API server",
        Text("How does it write a request of 0.1 CPU?", "Comment écrit-il une request de 0.1 CPU ?"),
        "100m",
        Text("A thousandth of a core is 1m.", "Un millième de cœur s’écrit 1m."),
        _RESOURCES,
    ),
    Expect(
        "generated",
        "kubectl",
        Text(
            "Does `--dry-run=client -o yaml` write what is printed, but for its capitals?",
            "`--dry-run=client -o yaml` écrit-il ce qui est imprimé, aux majuscules près ?",
        ),
        "yes",
        Text(
            "kubectl writes `apiVersion` and `Pod`; the capitals were lost in printing.",
            "kubectl écrit `apiVersion` et `Pod` ; les majuscules se sont perdues à l’impression.",
        ),
        _API,
    ),
    Expect(
        "busybox-ends",
        "mypod",
        Text(
            "With which code does `kubectl run mypod --image=busybox` end?",
            "Avec quel code se termine `kubectl run mypod --image=busybox` ?",
        ),
        "0",
        Text(
            "The image’s command is a shell with nobody at its terminal: it ends at once, and is started again.",
            "La commande de l’image est un shell sans personne au terminal : il se termine aussitôt, puis redémarre.",
        ),
        _RESTARTS,
    ),
    Expect(
        "one-network",
        "units",
        Text(
            "Have both containers of a Pod the same network?", "Les deux conteneurs d’un Pod ont-ils le même réseau ?"
        ),
        "same",
        Text("They share one network namespace.", "Ils partagent un seul namespace réseau."),
        _PODS,
    ),
    Expect(
        "shared-volume",
        "units",
        Text(
            "Does one container read what another wrote into their volume?",
            "Un conteneur lit-il ce qu’un autre a écrit dans leur volume ?",
        ),
        "yes",
        Text("Both mount the same emptyDir.", "Tous deux montent le même emptyDir."),
        _VOLUMES,
    ),
    Expect(
        "shell",
        "units",
        Text("Does `exec … /bin/sh` find a shell in busybox?", "`exec … /bin/sh` trouve-t-il un shell dans busybox ?"),
        "yes",
        Text("It is in the image.", "Il est dans l’image."),
        _PODS,
    ),
    Expect(
        "no-bash",
        "units",
        Text("And `exec … /bin/bash`?", "Et `exec … /bin/bash` ?"),
        "no",
        Text("It is not, and nothing brings it.", "Il n’y est pas, et rien ne l’apporte."),
        _PODS,
    ),
    Expect(
        "bytes-m",
        "units",
        Text("How many bytes is a limit of 128M?", "Combien d’octets fait une limite de 128M ?"),
        "128000000",
        Text("M is a million.", "M vaut un million."),
        _RESOURCES,
    ),
    Expect(
        "bytes-mi",
        "units",
        Text("And one of 128Mi?", "Et une de 128Mi ?"),
        "134217728",
        Text("Mi is 2 to the 20th, 1,048,576.", "Mi vaut 2 puissance 20, 1\u202f048\u202f576."),
        _RESOURCES,
    ),
    Expect(
        "floor",
        "units",
        Text(
            "Does the kernel keep the requested memory for the container?",
            "Le noyau garde-t-il au conteneur la mémoire demandée ?",
        ),
        "no",
        Text(
            "The scheduler counts requests; nothing of a memory request reaches the container’s cgroup.",
            "C’est le scheduler qui compte les requests ; rien de celle de mémoire n’arrive au cgroup du conteneur.",
        ),
        _RESOURCES,
    ),
    Expect(
        "reserved",
        "greedy",
        Text("Is a Pod that asks for 1000 CPU left unplaced?", "Un Pod qui demande 1000 CPU reste-t-il sans place ?"),
        "yes",
        Text("No node has so much left to promise.", "Aucun nœud n’a autant à promettre."),
        _RESOURCES,
    ),
    Expect(
        "unready-listed",
        "cats",
        Text(
            "Is a Pod that is not ready listed in the Service’s EndpointSlice?",
            "Un Pod pas prêt figure-t-il dans l’EndpointSlice du Service ?",
        ),
        "yes",
        Text("It is listed, with `ready: false`.", "Il y figure, avec `ready: false`."),
        _SLICES,
    ),
)
