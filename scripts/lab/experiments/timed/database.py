"""The course's database: 64Mi and 250m, raised to 128Mi and 500m; what it stands, and what it loses.

Two Pods of `k8s/lessons/database.yaml`: one as it is, one with the lower figures as limits, which are then raised
without a restart. A third asks for a whole node. 256Mi and 1 core of limits together.
"""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab import waiting
from lab.errors import LabError, TimedOut
from lab.experiments import pods
from lab.experiments.timed import cgroups, timeline
from lab.experiments.timed.actions import Action, Context, report, step
from lab.experiments.timed.database_checks import (
    EQUAL,
    EXPECTS,
    GREEDY,
    LESSON,
    LESSON_POD,
    LIMITS,
    SMALL,
    small_pod,
    stands_in,
)
from lab.experiments.timed.database_server import CONTAINER, Database
from lab.experiments.timed.engine import Timed
from lab.experiments.timed.expectations import MAX_DELAY
from lab.experiments.timed.record import Match, condition, container, deleted, ended, first
from lab.kubernetes.client import ApiError
from lab.kubernetes.objects import Object

_SHORT, _CHANGE = 40.0, 45.0 + MAX_DELAY
_SMALL_RESOURCES = {"requests": {**LIMITS[SMALL], "cpu": "50m"}, "limits": LIMITS[SMALL]}
"""It requests little CPU, as other experiments need room on the node too."""
_RAISED = {"limits": LIMITS[LESSON]}
_GUARANTEED = {"requests": EQUAL, "limits": EQUAL}
WRITE_TABLE = (
    "CREATE DATABASE IF NOT EXISTS lab; CREATE TABLE IF NOT EXISTS lab.cats (name TEXT);"
    " INSERT INTO lab.cats VALUES ('Mina')"
)
READ_TABLE = "SELECT COUNT(*) FROM lab.cats"


def hold_texts(count: int) -> str:
    """Return SQL that holds so many texts of 14 MB in one session, and counts them."""
    names = [f"@t{number}" for number in range(count)]
    texts = ", ".join(f"{name}=REPEAT(0, 14000000)" for name in names)
    return f"SET {texts}; SELECT {'+'.join(f'LENGTH({name})' for name in names)}"


def create_greedy(context: Context) -> None:
    """Create a Pod that requests all CPU that the node can give, of which others have requested some."""
    (node, *_) = context.api.items("/api/v1/nodes")
    resources = {"requests": {"cpu": node["status"]["allocatable"]["cpu"]}}
    context.create(pods.pod(GREEDY, pods.idle("waits", context.image, resources=resources), grace=0))


def wait_until_started(context: Context) -> None:
    names = (SMALL, LESSON)
    with ThreadPoolExecutor(len(names)) as pool:
        starts = pool.map(Database.wait_until_started, (Database(context, name) for name in names))
        context.data |= {"starts": dict(zip(names, starts, strict=True)), "answers": {}, "refusals": {}}


@dataclass(frozen=True)
class WithMariaDb:
    """Takes these steps where the lab's MariaDB runs, and exhausts the course's own meanwhile."""

    actions: Sequence[Action]

    def __call__(self, context: Context) -> None:
        if not stands_in(context):
            return
        with ThreadPoolExecutor(1) as pool:
            exhausted = pool.submit(exhaust_lesson, context)
            for action in self.actions:
                action(context)
            exhausted.result()


def exhaust_lesson(context: Context) -> None:
    """Query the course's own for what it can give, then for more."""
    database = Database(context, LESSON)
    context.data["answers"]["lesson-query"] = database.query(hold_texts(3))
    context.data["answers"]["lesson-many"] = database.query(hold_texts(8))
    context.recorder.wait(first(ended(LESSON, CONTAINER)), _SHORT)


def write_table(context: Context) -> None:
    """Write what a restart loses; raises LabError, as what never was there would look like what was lost."""
    answer = Database(context, SMALL).query(WRITE_TABLE)
    if not answer.ok:
        raise LabError(f"{SMALL} took no table: {answer.text}", "run the experiment again")


def exceed_small(context: Context) -> None:
    """Query the small one for more memory than it may have, then for what was written."""
    database = Database(context, SMALL)
    context.data["answers"]["small-query"] = database.query(hold_texts(3))
    restarted = container(SMALL, CONTAINER, lambda status: status.get("restartCount", 0) > 0)
    context.recorder.wait(first(restarted), _SHORT)
    database.wait_until_started()
    context.data["answers"]["small-lost"] = database.query(READ_TABLE)


def try_what_is_refused(context: Context) -> None:
    for key, subresource, resources in (("plain", "", _RAISED), ("class", "/resize", _GUARANTEED)):
        try:
            Database(context, SMALL).patch(subresource, resources)
        except ApiError as error:
            context.data["refusals"][key] = f"{error.code} {error.reason}: {error.message}"


def resize_small(context: Context) -> None:
    """Raise its limits while it runs; keep its cgroup once it has them, or as it was last."""
    database = Database(context, SMALL)
    database.patch("/resize", _RAISED)

    def poll() -> tuple[bool, str]:
        files = context.data["resized"] = database.read_files()
        return bool(files) and cgroups.read(files).limits == cgroups.limits(_RAISED), str(files)

    with contextlib.suppress(TimedOut):
        waiting.until(f"{SMALL} to be resized", poll, timeout=_CHANGE, interval=0.3)
    context.data["resized at"] = context.recorder.now()
    context.data["answers"]["raised-query"] = database.query(hold_texts(3))
    context.data["answers"]["raised-kept"] = database.query(READ_TABLE)


def replace_small(context: Context) -> None:
    """Delete the small Pod and create it anew with other requests, as one must to change its class."""
    before = context.api.get(context.pod_path(SMALL)) or {}
    context.api.delete(context.pod_path(SMALL), gracePeriodSeconds=1)
    context.recorder.require(f"{SMALL} to be gone", first(deleted(SMALL)), _CHANGE)
    context.create(small_pod(_GUARANTEED))
    context.recorder.wait(first(_other_than(before)), _SHORT)


def _other_than(before: Object) -> Match:
    """Match the Pod of that name that took the place of a deleted one."""
    uid = before.get("metadata", {}).get("uid")
    return Match("Pod", SMALL, lambda item: item.body["metadata"]["uid"] != uid)


def wait_until_unschedulable(context: Context) -> None:
    context.recorder.wait(first(condition(GREEDY, "PodScheduled", "False")), _SHORT)


DATABASE = Timed(
    "database",
    progress="two databases start, one with half of the other’s limits",
    pods=[LESSON_POD, small_pod(_SMALL_RESOURCES)],
    steps=[
        create_greedy,
        wait_until_started,
        WithMariaDb(
            (
                write_table,
                report("the small one is asked for 42 MB"),
                step("query", exceed_small),
                write_table,
                try_what_is_refused,
                report("the small one is raised while it runs"),
                step("resize", resize_small),
                report("the small one is deleted, and made anew with requests equal to limits"),
                step("replace", replace_small),
            )
        ),
        wait_until_unschedulable,
    ],
    expects=EXPECTS,
    tracks=[
        timeline.steps(),
        timeline.container(SMALL, CONTAINER, SMALL),
        timeline.container(LESSON, CONTAINER, LESSON),
    ],
    deletes=True,
)
run, manifests = DATABASE.run, DATABASE.manifests
