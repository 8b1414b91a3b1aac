"""The course's database in time: 64Mi and 250m, raised to 128Mi and 500m; what it stands, and what it loses.

Two Pods of `k8s/lessons/database.yaml`: one as it is, one with the lower figures as limits, which are then raised
without a restart. A third asks for a whole node. 256Mi and 1 core of limits together.
"""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import yaml

from lab.config import ROOT
from lab.errors import LabError
from lab.experiments import catalog, pods
from lab.experiments.results import Label
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text
from lab.experiments.timed import database_judged, database_raised, lanes, looking
from lab.experiments.timed.database_evidence import BIG, CATS, GREEDY, LESSON, MANY, SMALL, Evidence
from lab.experiments.timed.database_server import Server
from lab.experiments.timed.recorder import recording
from lab.kubernetes.client import ApiError
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.experiments.results import Experiment, Timeline
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report

_FILE = ROOT / "k8s" / "lessons" / "database.yaml"
_SHORT = 40.0
_LITTLE = "50m"
_EQUAL = {"memory": "128Mi", "cpu": "100m"}
"""Requests and limits of the Pod that takes the small one's place."""
_DEEDS = {
    "query": Text(en="a query that takes 42 MB", fr="une requête qui prend 42\u00a0Mo"),
    "resize": Text(en="raised to 128Mi, 500m", fr="porté à 128Mi, 500m"),
    "replace": Text(en="deleted and applied anew", fr="supprimé et appliqué à nouveau"),
}


def lesson() -> Object:
    """Return the course's Pod, as its file in k8s/lessons has it."""
    found: Object = yaml.safe_load(_FILE.read_text())
    found["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    return found


def small() -> Object:
    """Return the same Pod before it is raised: its limits are what the course's requests.

    It requests little CPU, as other experiments need room on the node too.
    """
    made = copy.deepcopy(lesson())
    made["metadata"]["name"] = SMALL
    resources = made["spec"]["containers"][0]["resources"]
    resources["limits"] = dict(resources["requests"])
    resources["requests"]["cpu"] = _LITTLE
    return made


def greedy(image: str, node: Object) -> Object:
    """Return a Pod that requests all CPU that the node can give, of which others have requested some."""
    wanted = {"requests": {"cpu": node["status"]["allocatable"]["cpu"]}}
    return pods.pod(GREEDY, pods.guest(image, "waits", resources=wanted), grace=0)


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:
    """Run it; raises LabError."""
    begun = begin("database")
    cluster = cluster_versions(settings, api)
    with temporary_namespaces(api, "database") as (namespace, *_), recording(api, namespace, deletes=True) as recorder:
        report("two databases start, one with half of the other’s limits")
        pods.create(api, namespace, lesson(), small(), greedy(image, api.items("/api/v1/nodes")[0]))
        evidence = Evidence("v2" if cluster.cgroup == "v2" else "v1", lesson(), small())
        servers = {name: Server(settings, api, namespace, name) for name in (SMALL, LESSON)}
        with ThreadPoolExecutor(len(servers)) as beside:
            evidence.starts.update(zip(servers, beside.map(Server.started, servers.values()), strict=True))
            if evidence.stands_in:
                crowded = beside.submit(_crowd, servers[LESSON], recorder, evidence)
                _kill(servers[SMALL], recorder, evidence, report)
                _raise(servers[SMALL], recorder, evidence, report)
                _replace(servers[SMALL], recorder, evidence, report)
                crowded.result()
        recorder.wait(looking.looks(looking.pod_is(GREEDY, _unschedulable)), _SHORT)
        evidence.seen, evidence.crowd = recorder.observations, recorder.load
        drawn = timeline(recorder)
    judged = (*database_judged.expectations(evidence), *database_raised.expectations(evidence))
    return begun.ended(cluster, judged, (drawn,))


def _unschedulable(found: Object) -> bool:
    return looking.condition(found, "PodScheduled") == "False"


def _kill(server: Server, recorder: Recorder, evidence: Evidence, report: Report) -> None:
    """Ask the small one for more memory than it may have, and see what is left of what was written."""
    _write(server)
    report("the small one is asked for 42 MB")
    recorder.step("query")
    evidence.answers["small-query"] = server.ask(BIG)
    again = looking.pod_is(SMALL, lambda found: looking.container(found, "db").get("restartCount", 0) > 0)
    recorder.wait(looking.looks(again), _SHORT)
    server.started()
    evidence.answers["small-lost"] = server.ask("SELECT COUNT(*) FROM lab.cats")
    evidence.pods["killed"] = server.pod()
    _write(server)


def _write(server: Server) -> None:
    """Write what a restart loses; raises LabError, as what never was there would look like what was lost."""
    wrote = server.ask(CATS)
    if not wrote.ok:
        raise LabError(f"{server.name} took no table: {wrote.text}", "run the experiment again")


def _raise(server: Server, recorder: Recorder, evidence: Evidence, report: Report) -> None:
    """Raise the small one's limits: first as one must not, then in place."""
    wanted = {"limits": evidence.lesson["spec"]["containers"][0]["resources"]["limits"]}
    evidence.refused["plain"] = _refusal(server, "", wanted)
    evidence.refused["class"] = _refusal(server, "/resize", {"requests": _EQUAL, "limits": _EQUAL})
    report("the small one is raised while it runs")
    evidence.resized = recorder.step("resize")
    server.patch("/resize", wanted)
    evidence.raised = server.held(wanted)
    evidence.done = recorder.now()
    evidence.pods["raised"] = server.pod()
    evidence.answers["raised-query"] = server.ask(BIG)
    evidence.answers["raised-kept"] = server.ask("SELECT COUNT(*) FROM lab.cats")


def _refusal(server: Server, path: str, resources: Object) -> str:
    """Try what the API server is to refuse, and return what it said; empty where it did not."""
    try:
        server.patch(path, resources)
    except ApiError as error:
        return f"{error.code} {error.reason}: {error.message}"
    return ""


def _crowd(server: Server, recorder: Recorder, evidence: Evidence) -> None:
    """Ask the course's own for what it can give, then for more."""
    evidence.answers["lesson-query"] = server.ask(BIG)
    evidence.answers["lesson-many"] = server.ask(MANY)
    recorder.wait(looking.looks(looking.ended(LESSON, "db")), _SHORT)
    evidence.pods["lesson"] = server.pod()


def _replace(server: Server, recorder: Recorder, evidence: Evidence, report: Report) -> None:
    """Delete the small Pod and make it anew with other requests, as one must to change its class."""
    report("the small one is deleted, and made anew with requests equal to limits")
    recorder.step("replace")
    made = small()
    made["spec"]["containers"][0]["resources"] = {"requests": _EQUAL, "limits": _EQUAL}
    server.replace(made)
    evidence.pods["replaced"] = server.pod()


def timeline(recorder: Recorder) -> Timeline:
    """Draw both databases, and what was done to them."""
    told = (
        Label("deeds", Text(en="what was done", fr="ce qu’on a fait"), Text(en="to the small one", fr="à la petite")),
        Label(SMALL, Text(en="64Mi, then 128Mi", fr="64Mi puis 128Mi"), Text(en="its container", fr="son conteneur")),
        Label(LESSON, Text(en="128Mi", fr="128Mi"), Text(en="the course’s container", fr="le conteneur du cours")),
    )
    drawn = (
        lanes.deeds(told[0], _DEEDS),
        lanes.container(SMALL, "db", told[1]),
        lanes.container(LESSON, "db", told[2]),
    )
    return lanes.timeline("database", catalog.find("database").title, drawn, recorder.observations, recorder.now())
