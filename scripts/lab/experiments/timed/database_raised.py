"""What must come of raising the limits of a database that runs, in place and by another Pod, beside what did. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, figures, looking
from lab.experiments.timed.database_evidence import SMALL
from lab.experiments.timed.database_judged import LIMITS, answers, file, kept, told
from lab.experiments.timed.effort import ROOT
from lab.experiments.timed.figures import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.experiments.results import Expectation
    from lab.experiments.timed.database_evidence import Evidence

_RESIZE = "https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/"
_UPDATE = "https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement"
_TAKES = 45.0
"""Seconds in which kubelet has changed a running container, on a machine whose two cores are busy."""
_NO = {"plain": "pod updates may not change fields other than", "class": "Pod QOS Class may not change"}
"""Of the API server's words, those that say why it refuses: any other refusal is another matter."""
_INVALID = "422 Invalid"


def expectations(evidence: Evidence) -> tuple[Expectation, ...]:
    """Judge everything; nothing where the database is one that never started."""
    if not evidence.stands_in:
        return ()
    return (*_refused(evidence), *_raised(evidence), *_replaced(evidence))


def _refused(evidence: Evidence) -> Iterator[Expectation]:
    asked = {
        "plain": Ask(
            "plain-edit",
            SMALL,
            Text(
                en="Resources changed by `kubectl apply`, as usual?",
                fr="Changer les resources par `kubectl apply`\u202f?",
            ),
            Text(
                en="Most of a Pod cannot be changed once it is there; resources can by the subresource resize alone.",
                fr="Un Pod existant ne change presque pas\u202f; ses resources changent par resize, seulement ainsi.",
            ),
            _UPDATE,
        ),
        "class": Ask(
            "resize-class",
            SMALL,
            Text(
                en="Resized so that requests equal limits?",
                fr="Un resize qui rend les requests égales aux limits\u202f?",
            ),
            Text(
                en="It is Burstable and would be Guaranteed: the class may not change; delete and apply do that.",
                fr="Il est Burstable et deviendrait Guaranteed\u00a0: la classe reste\u202f; il faut le recréer.",
            ),
            f"{_RESIZE}#limitations",
        ),
    }
    for key, ask in asked.items():
        said = evidence.refused.get(key, "")
        shows = Text(en="what the API server answered", fr="la réponse de l’API server")
        command = (
            "kubectl apply -f database.yaml" if key == "plain" else f"kubectl patch pod {SMALL} --subresource resize"
        )
        as_predicted = said.startswith(f"{_INVALID}: ") and _NO[key] in said
        shown = Exhibit("command", "API server", said[:300], shows, command)
        yield ask.exactly(_INVALID, _INVALID if as_predicted else said[:200], shown)


def _raised(evidence: Evidence) -> Iterator[Expectation]:
    wanted = evidence.lesson["spec"]["containers"][0]["resources"]["limits"]
    ahead = cgroups.given({"limits": wanted}, evidence.version)
    found = cgroups.read(evidence.raised).given if evidence.raised else None
    files = {key: path.removeprefix(f"{ROOT}/") for key, path in cgroups.names(evidence.version).items()}
    shows = Text(en="the cgroup of the running container", fr="le cgroup du conteneur en marche")
    shown = [file(SMALL, files[key], evidence.raised, shows) for key in ("memory", "quota")]
    because = Text(
        en="Resize writes the new limits into the cgroup of the running container; that needs no restart.",
        fr="Le resize écrit les nouvelles limites dans le cgroup du conteneur en marche, sans redémarrage.",
    )
    memory = Ask(
        "raised-memory",
        SMALL,
        Text(
            en="Resized to 128Mi: which limit in the cgroup?",
            fr="Resize à 128Mi\u00a0: quelle limite dans le cgroup\u202f?",
        ),
        because,
        _RESIZE,
    )
    yield memory.exactly(figures.exact_size(ahead.memory), figures.exact_size(found.memory) if found else "", shown[0])
    cpu = Ask("raised-cpu", SMALL, Text(en="And 500m?", fr="Et 500m\u202f?"), because, _RESIZE)
    yield cpu.exactly(figures.quota(ahead.quota), figures.quota(found.quota) if found else "", shown[1])
    soon = Ask("raised-when", SMALL, Text(en="How soon?", fr="En combien de temps\u202f?"), because, _RESIZE)
    window = (evidence.resized, evidence.resized + _TAKES)
    is_so = "yes" if found and found.memory == ahead.memory else "no"
    yield soon.happens("yes", window, is_so, evidence.done, *shown, crowd=evidence.crowd)
    before, after = (looking.container(evidence.pods[key], "db") for key in ("killed", "raised"))
    same = Ask(
        "raised-same",
        SMALL,
        Text(en="Is it the same container as before?", fr="Est-ce le même conteneur qu’avant\u202f?"),
        because,
        _RESIZE,
    )
    shows = Text(en="as it is now", fr="tel qu’il est")
    now = {key: after.get(key) for key in ("containerID", "restartCount", "resources")}
    status = looking.status_exhibit(f"{SMALL}/db", now, shows, f"kubectl get pod {SMALL} -o yaml")
    yield same.exactly("same", looking.compared(before.get("containerID"), after.get("containerID")), status)
    query = Ask(
        "raised-query",
        f"{SMALL}, 128Mi",
        Text(en="The same 42 MB again?", fr="Les mêmes 42\u00a0Mo, encore une fois\u202f?"),
        Text(en="Now there is room for them.", fr="Maintenant, il y a de la place."),
        LIMITS,
    )
    yield query.exactly("answers", answers(evidence.answers["raised-query"]), told(evidence, "raised-query", SMALL))
    data = Ask(
        "raised-kept",
        SMALL,
        Text(en="And what was written before the resize?", fr="Et ce qui était écrit avant le resize\u202f?"),
        because,
        _RESIZE,
    )
    yield data.exactly("yes", kept(evidence.answers["raised-kept"]), told(evidence, "raised-kept", SMALL))


def _replaced(evidence: Evidence) -> Iterator[Expectation]:
    before, after = evidence.pods["raised"], evidence.pods["replaced"]
    status = after.get("status", {})
    shown = looking.status_exhibit(
        f"{SMALL}: metadata.uid, status.qosClass",
        [after.get("metadata", {}).get("uid"), status.get("qosClass")],
        Text(en="another Pod of the same name", fr="un autre Pod du même nom"),
        f"kubectl get pod {SMALL} -o yaml",
    )
    because = Text(
        en="delete and apply make another Pod, which may have another class; nothing of the old one is left in it.",
        fr="delete puis apply créent un autre Pod, qui peut avoir une autre classe\u202f; rien de l’ancien n’y reste.",
    )
    same = Ask(
        "replaced-pod",
        SMALL,
        Text(
            en="Deleted and applied: is it the same Pod?", fr="Supprimé et réappliqué\u00a0: est-ce le même Pod\u202f?"
        ),
        because,
        _UPDATE,
    )
    uids = [one.get("metadata", {}).get("uid") for one in (before, after)]
    yield same.exactly("another", looking.compared(*uids), shown)
    kind = Ask(
        "replaced-class", SMALL, Text(en="And its class now?", fr="Et sa classe, maintenant\u202f?"), because, _UPDATE
    )
    yield kind.exactly("Guaranteed", status.get("qosClass", ""), shown)
