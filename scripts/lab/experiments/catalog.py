"""Every experiment by its id: what it asks, how long it takes, and where it is; a module is loaded when it runs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lab.errors import BadInput
from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Settings
    from lab.experiments.results import Experiment
    from lab.kubernetes.client import Api
    from lab.steps import Report


@dataclass(frozen=True)
class Entry:
    """One experiment: its title and question, its expected ``seconds`` on two cores, and its module.

    ``stays`` tells that it has a stage that can be left standing and looked at again.
    """

    id: str
    title: Text
    question: Text
    seconds: float
    module: str
    stays: bool = False

    def run(self, settings: Settings, api: Api, image: str, report: Report, **more: Sequence[str]) -> Experiment:
        """Run it with the backend's ``image``; raises LabError."""
        found: Experiment = self._module().run(settings, api, image, report, **more)
        return found

    def staged(self, settings: Settings, api: Api, image: str, report: Report) -> Any:
        """Return the context manager of its stage; raises BadInput where it has none."""
        if not self.stays:
            can = " and ".join(one.id for one in CATALOGUE.values() if one.stays)
            raise BadInput(f"{self.id} happens in time, and cannot be looked at again", f"--watch goes with {can}")
        return self._module().staged(settings, api, image, report)

    def manifests(self, image: str) -> str:
        """Return the Pods and Services of an experiment in time as YAML."""
        return str(self._module().manifests(image))

    def _module(self) -> Any:
        return import_module(f"lab.experiments.{self.module}")


_ALL = (
    Entry(
        "names",
        Text("Name by vantage point", "Nom par point de vue"),
        Text(
            "From where, by which name or address is the app reached, and why?",
            "D’où, par quel nom ou quelle adresse atteint-on l’application, et pourquoi ?",
        ),
        10,
        "matrix.names",
        stays=True,
    ),
    Entry(
        "binds",
        Text("Bind address by route", "Adresse d’écoute par chemin"),
        Text(
            "An app listens on one address: by which ways is it still reached?",
            "Une application n’écoute que sur une adresse : par quels chemins l’atteint-on ?",
        ),
        12,
        "matrix.bind_addresses",
        stays=True,
    ),
    Entry(
        "whatif",
        Text("One thing changed", "Un seul changement"),
        Text(
            "One field of the Pod is changed: which answers flip, and do all others stay?",
            "On change un champ du Pod : quelles réponses basculent, lesquelles restent ?",
        ),
        40,
        "matrix.whatif",
    ),
    Entry(
        "readiness",
        Text("Readiness: traffic or none", "Readiness : recevoir du trafic ou non"),
        Text(
            "A Pod is not ready: who still reaches it, and who no longer does?",
            "Un Pod n’est pas prêt : qui l’atteint encore, et qui ne l’atteint plus ?",
        ),
        30,
        "timed.readiness",
    ),
    Entry(
        "liveness",
        Text("Liveness: the container starts again", "Liveness : le conteneur redémarre"),
        Text(
            "The liveness probe fails: what is started again, and what stays as it was?",
            "La sonde de liveness échoue : qu’est-ce qui redémarre, qu’est-ce qui reste ?",
        ),
        40,
        "timed.liveness",
    ),
    Entry(
        "startup",
        Text("Start-up: time to get going", "Startup : le temps de démarrer"),
        Text(
            "An app starts slowly: what does a startup probe hold back?",
            "Une application démarre lentement : que retient une sonde de startup ?",
        ),
        40,
        "timed.startup",
    ),
    Entry(
        "probes",
        Text("Three kinds of probe", "Trois sortes de sonde"),
        Text(
            "HTTP, TCP or a command: which probe notices which fault?",
            "HTTP, TCP ou commande : quelle sonde remarque quelle panne ?",
        ),
        40,
        "timed.probes",
    ),
    Entry(
        "limits",
        Text("Limits: killed or slowed down", "Limits : tué ou ralenti"),
        Text(
            "More memory, more CPU than the limit: which one kills, which one slows down?",
            "Plus de mémoire, plus de CPU que la limite : laquelle tue, laquelle ralentit ?",
        ),
        30,
        "timed.limits",
    ),
    Entry(
        "qos",
        Text("QoS: who goes first", "QoS : qui part le premier"),
        Text(
            "Requests and limits: which class do they give, and who goes first?",
            "Requests et limits : quelle classe en résulte, et qui part le premier ?",
        ),
        20,
        "timed.qos",
    ),
    Entry(
        "top",
        Text("kubectl top beside the kernel’s own figures", "kubectl top face aux chiffres du noyau"),
        Text(
            "What does `kubectl top` show, and what does the kernel count?",
            "Que montre `kubectl top`, et que compte le noyau ?",
        ),
        60,
        "timed.top",
    ),
    Entry(
        "termination",
        Text("The end of a Pod", "La fin d’un Pod"),
        Text(
            "A Pod is deleted in the middle of a request: does the answer still come?",
            "On supprime un Pod en pleine requête : la réponse arrive-t-elle encore ?",
        ),
        30,
        "timed.termination",
    ),
    Entry(
        "database",
        Text("The course’s database", "La base de données du cours"),
        Text(
            "The course’s database, 64Mi to 128Mi: does it run, and what is its limit worth?",
            "La base du cours, de 64Mi à 128Mi : tourne-t-elle, et que vaut sa limite ?",
        ),
        40,
        "timed.database",
    ),
    Entry(
        "course",
        Text("The course, typed as printed", "Le cours, tapé tel quel"),
        Text(
            "The course’s commands and YAML, typed as printed: what does the cluster say?",
            "Les commandes et le YAML du cours, tapés tels quels : que dit le cluster ?",
        ),
        15,
        "course.commands",
    ),
    Entry(
        "claims",
        Text("What the course says", "Ce que dit le cours"),
        Text(
            "What the course says: true, true with a nuance, or not as said?",
            "Ce que dit le cours : vrai, vrai avec une nuance, ou pas tout à fait ?",
        ),
        75,
        "course.claims",
    ),
)

CATALOGUE: dict[str, Entry] = {one.id: one for one in _ALL}
TIMED = tuple(entry.id for entry in _ALL if entry.module.startswith("timed."))
ALL, EVERYTHING = "all", 75.0
"""Every experiment at once, and how many seconds that takes on two cores."""


def find(name: str) -> Entry:
    """Return the experiment of that id; raises BadInput with those that there are."""
    if name not in CATALOGUE:
        raise BadInput(f"there is no experiment {name!r}", f"use one of {', '.join((*CATALOGUE, ALL))}")
    return CATALOGUE[name]
