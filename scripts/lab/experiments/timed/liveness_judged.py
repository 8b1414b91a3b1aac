"""What liveness must do to a container and its Pod, and what it did, read off what was seen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.pods import Probe
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import looking
from lab.experiments.timed.expecting import Expect, Fact, Window, judge, later, noticed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.experiments.results import Expectation
    from lab.experiments.timed.recorder import Observation
    from lab.kubernetes.objects import Object

CATS, BACK, SIDECAR = "cats", "back", "sidecar"
TARGETS, ALONE = "guest-target", "guest-network"
"""Two ephemeral containers: one in the app's PID namespace (``--target``), one that shares the network only."""
LIVENESS = Probe(period=1, failures=3)
GRACE = 5
FAILS = "liveness fails"

_PROBES = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#types-of-probe"
_RESTARTS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts"
_NETWORK = "https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking"
_PID = "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html"
_TARGET = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/#ephemeral-container"
_NETNS = 3
"""The network namespace is read in the sidecar, and in the app's container before and after."""
_BEGIN = 8.0
"""Seconds that a container may need to end as asked and its next to run, beside other work."""


def expected(probe: Probe, grace: int) -> tuple[Expect, ...]:
    """Work out what must happen from the liveness probe and the Pod's grace."""
    killed = noticed(probe)
    restarted = later(killed, most=grace + _BEGIN)
    return (
        *_expected_of_the_restart(probe, killed, restarted),
        *_expected_of_the_container(),
        *_expected_of_the_pod(),
        *_expected_of_guests(killed),
    )


def _expected_of_the_restart(probe: Probe, killed: Window, restarted: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            "killed",
            CATS,
            Text(en="Does kubelet kill the container?", fr="kubelet tue-t-il le conteneur ?"),
            "happens",
            Text(
                en=f"The probe asks every {probe.period} s, and {probe.failures} failures in a row are too many.",
                fr=f"La sonde demande toutes les {probe.period}\u00a0s, et {probe.failures} échecs de suite suffisent.",
            ),
            _PROBES,
            killed,
        ),
        Expect(
            "restarted",
            CATS,
            Text(en="Does another container run in its place?", fr="Un autre conteneur tourne-t-il à sa place ?"),
            "happens",
            Text(
                en="restartPolicy is Always; the first restart waits for nothing.",
                fr="restartPolicy vaut Always ; le premier redémarrage n’attend pas.",
            ),
            _RESTARTS,
            restarted,
        ),
    )


def _expected_of_the_container() -> tuple[Expect, ...]:
    return (
        Expect(
            "restart-count",
            CATS,
            Text(en="How often was it restarted?", fr="Combien de fois a-t-il redémarré ?"),
            "1",
            Text(
                en="The fault ended with its process, so the new one is well.",
                fr="La panne a fini avec son processus : le nouveau va bien.",
            ),
            _RESTARTS,
        ),
        Expect(
            "container",
            CATS,
            Text(en="Is it the same container?", fr="Est-ce le même conteneur ?"),
            "another",
            Text(
                en="A restart is a new container from the same image: its ID is another.",
                fr="Un redémarrage, c’est un nouveau conteneur de la même image : son ID change.",
            ),
            _RESTARTS,
        ),
    )


def _expected_of_the_pod() -> tuple[Expect, ...]:
    return (
        Expect(
            "pod-ip",
            CATS,
            Text(en="Is the Pod’s IP the same?", fr="L’IP du Pod est-elle la même ?"),
            "same",
            Text(
                en="The address belongs to the Pod’s sandbox, which was not touched.",
                fr="L’adresse appartient au bac à sable du Pod, auquel rien n’a touché.",
            ),
            _NETWORK,
        ),
        Expect(
            "netns",
            CATS,
            Text(
                en="Is the new container in the same network namespace?",
                fr="Le nouveau conteneur est-il dans le même namespace réseau ?",
            ),
            "same",
            Text(
                en="The inode is the same before and after, and the sidecar’s too: one sandbox all along.",
                fr="L’inode est le même avant et après, et celui du sidecar aussi : un seul bac à sable.",
            ),
            _NETWORK,
        ),
        Expect(
            "sidecar",
            CATS,
            Text(en="How often was the sidecar restarted?", fr="Combien de fois le sidecar a-t-il redémarré ?"),
            "0",
            Text(
                en="kubelet restarts the container whose probe failed, and no other.",
                fr="kubelet redémarre le conteneur dont la sonde échoue, et aucun autre.",
            ),
            _PROBES,
        ),
    )


def _expected_of_guests(killed: Window) -> tuple[Expect, ...]:
    return (
        Expect(
            TARGETS,
            TARGETS,
            Text(
                en="How does the debugger that targets the app end?", fr="Comment finit le débogueur qui vise l’app ?"
            ),
            "137",
            Text(
                en="It lives in the app’s PID namespace: when PID 1 ends, the kernel kills all in there (128 + 9).",
                fr="Il vit dans le namespace PID de l’app : quand le PID 1 finit, le noyau y tue tout (128 + 9).",
            ),
            _PID,
            later(killed, most=GRACE + _BEGIN),
        ),
        Expect(
            ALONE,
            ALONE,
            Text(
                en="What becomes of the debugger without a target?",
                fr="Que devient le débogueur qui ne vise personne ?",
            ),
            "runs",
            Text(
                en="It shares the Pod’s network only, and the network stayed.",
                fr="Il ne partage que le réseau du Pod, et le réseau est resté.",
            ),
            _TARGET,
        ),
    )


def judged(seen: Sequence[Observation], crowd: float = 1.0) -> tuple[Expectation, ...]:
    """Put what was seen beside what was expected."""
    return judge(expected(LIVENESS, GRACE), facts(seen), crowd)


def facts(seen: Sequence[Observation]) -> Mapping[str, Fact]:
    """Read the facts off what was seen."""
    fails = next(one.at for one in seen if one.name == FAILS)
    before, after = looking.pod(seen, CATS, fails), looking.pod(seen, CATS)
    return {
        **_facts_of_the_container(seen, fails, before, after),
        **_facts_of_the_pod(seen, before, after),
        **_facts_of_guests(seen, fails, after),
    }


def _facts_of_the_container(
    seen: Sequence[Observation], fails: float, before: Object, after: Object
) -> dict[str, Fact]:
    def anew(found: Object) -> bool:
        status = looking.container(found, BACK)
        return status.get("restartCount", 0) > 0 and "running" in status.get("state", {})

    why = looking.first(seen, looking.event("Unhealthy", CATS, "Liveness"), fails)
    event, end = looking.event("Killing", CATS, BACK), looking.ended(CATS, BACK)
    killing = looking.first(seen, lambda one: event(one) or end(one), fails)
    was, is_ = looking.container(before, BACK), looking.container(after, BACK)
    kept = {key: is_.get(key) for key in ("restartCount", "containerID", "lastState")}
    proof = looking.status_exhibit(
        f"containerStatuses of {CATS}",
        {"before": was.get("containerID"), "after": kept},
        Text(en="its ID before and after, and how it ended", fr="son ID avant et après, et comment il a fini"),
        f"kubectl get pod {CATS} -o jsonpath='{{.status.containerStatuses}}'",
    )
    same = looking.compared(was.get("containerID"), is_.get("containerID"))
    return {
        "killed": looking.happens(killing, fails, *((looking.shown(why),) if why else ())),
        "restarted": looking.happens(looking.first(seen, looking.pod_is(CATS, anew), fails), fails),
        "restart-count": Fact(str(is_.get("restartCount", "")), exhibits=(proof,)),
        "container": Fact(same, exhibits=(proof,)),
    }


def _facts_of_the_pod(seen: Sequence[Observation], before: Object, after: Object) -> dict[str, Fact]:
    ips = [found.get("status", {}).get("podIP", "") for found in (before, after)]
    namespaces = [one for one in seen if one.kind == "answer" and one.name.startswith("netns")]
    inodes = {one.change for one in namespaces}
    sidecar = looking.container(after, SIDECAR)
    of_ip = Text(en="the Pod’s IP before and after", fr="l’IP du Pod avant et après")
    of_netns = Text(
        en="read in the sidecar, in the container before and in the one after",
        fr="lu dans le sidecar, dans le conteneur d’avant et dans celui d’après",
    )
    of_sidecar = Text(en="it has run since before", fr="il tourne depuis avant")
    netns = "\n".join(f"{one.at:.1f} s {one.change} {one.body['raw']} ({one.name})" for one in namespaces)
    command = f"kubectl exec {CATS} -c {BACK} -- readlink /proc/self/ns/net"
    return {
        "pod-ip": Fact(
            looking.compared(*ips),
            exhibits=(looking.status_exhibit(f"podIP of {CATS}", ips, of_ip),),
        ),
        "netns": Fact(
            "same" if len(namespaces) >= _NETNS and len(inodes) == 1 else "another",
            exhibits=(Exhibit("netns", f"containers of {CATS}", netns, of_netns, command),),
        ),
        "sidecar": Fact(
            str(sidecar.get("restartCount", "")),
            exhibits=(looking.status_exhibit(f"{SIDECAR} of {CATS}", sidecar.get("state"), of_sidecar),),
        ),
    }


def _facts_of_guests(seen: Sequence[Observation], fails: float, after: Object) -> dict[str, Fact]:
    died = looking.first(seen, looking.ended(CATS, TARGETS), fails)
    code = str(looking.last_end(died.body, TARGETS).get("exitCode", "")) if died else ""
    alone = looking.container(after, ALONE).get("state", {})
    shows = Text(en="it runs since before the restart", fr="il tourne depuis avant le redémarrage")
    return {
        TARGETS: looking.happens(died, fails, value=code),
        ALONE: Fact(
            "runs" if "running" in alone else "no",
            exhibits=(looking.status_exhibit(f"{ALONE} of {CATS}", alone, shows),),
        ),
    }
