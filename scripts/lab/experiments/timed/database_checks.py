"""What must become of the course's database under its limits, and how that is measured. Pure."""

import copy
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter

import yaml

from lab.config import ROOT
from lab.experiments import texts
from lab.experiments.results import Exhibit
from lab.experiments.texts import Text
from lab.experiments.timed import cgroups, units
from lab.experiments.timed.actions import Context
from lab.experiments.timed.database_server import CONTAINER, READY, STANDS_IN, Answer, Start
from lab.experiments.timed.expectations import Between, Expect, Fact, OneOf, word
from lab.experiments.timed.load_generator import OOM_KILLED, file_exhibit, oom_reasons
from lab.experiments.timed.measures import PodField, Same, same_container, status_exhibit
from lab.experiments.timed.record import Record
from lab.kubernetes import objects, quantities
from lab.kubernetes.objects import Object
from lab.kubernetes.pod_status import last_terminated

LESSON, SMALL, GREEDY = "frontend", "small", "greedy"
"""The Pods: the course's own, by the name that it has there; the one that is raised; the one that finds no room."""
LESSON_POD: Object = yaml.safe_load((ROOT / "k8s" / "lessons" / "database.yaml").read_text())
LESSON_POD["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
_RESOURCES = LESSON_POD["spec"]["containers"][0]["resources"]
LIMITS = {SMALL: _RESOURCES["requests"], LESSON: _RESOURCES["limits"]}
"""The small one's limits, before it is raised, are what the course's requests."""
EQUAL = {"memory": "128Mi", "cpu": "100m"}
"""Requests and limits of the Pod that takes the small one's place."""
_RESIZE_SECONDS = 45.0
"""Seconds in which kubelet has changed a running container, on a machine whose two cores are busy."""
_INVALID = "422 Invalid"
_SHOWS = texts.load("database").section("exhibits")


def small_pod(resources: Object) -> Object:
    """Return the course's Pod with another name and other resources."""
    pod = copy.deepcopy(LESSON_POD)
    pod["metadata"]["name"] = SMALL
    pod["spec"]["containers"][0]["resources"] = resources
    return pod


def stands_in(run: Record | Context) -> bool:
    """Tell whether it is the lab's MariaDB: the published MySQL needs more than either limit, and never starts."""
    return any(STANDS_IN in start.log for start in run.data["starts"].values())


def _starts(name: str) -> Expect[Record]:
    def measure(record: Record) -> Fact:
        start: Start = record.data["starts"][name]
        lines = start.log.splitlines() or [""]
        line = next((line for line in lines if READY in line), lines[-1])
        exhibit = Exhibit("command", f"log of {name}", line, _SHOWS["log"], f"kubectl logs {name}")
        return Fact("yes" if start.is_ready else "no", exhibits=(exhibit,))

    return Expect(
        f"starts-{name}",
        f"{name}, {LIMITS[name]['memory']}",
        lambda record: "yes" if stands_in(record) else "no",
        measure,
        text="starts",
        because=lambda record: "mariadb" if stands_in(record) else "mysql",
    )


def _start_time(name: str) -> Expect[Record]:
    """Expect the start no sooner than the CPU that it took and the limit allow: a lower bound and no more."""
    part = quantities.millicores(LIMITS[name]["cpu"]) / 1000

    def cpu(record: Record) -> float:
        return cgroups.read(record.data["starts"][name].files).cpu

    def measure(record: Record) -> Fact:
        start: Start = record.data["starts"][name]
        exhibit = file_exhibit(record, (name, CONTAINER), "cpu_stat", start.files, _SHOWS["throttling"])
        return Fact(start.seconds, exhibits=(exhibit,))

    return Expect(
        f"start-time-{name}",
        f"{name}, {LIMITS[name]['cpu']}",
        lambda record: Between(max(0.0, cpu(record) / part * 0.6 - 0.3), 30.0, units.seconds),
        measure,
        text="start-time",
        values=lambda record: {"cpu": units.seconds(cpu(record)), "percent": part * 100},
    )


def idle_memory(record: Record) -> Fact:
    files = record.data["starts"][LESSON].files
    exhibit = file_exhibit(record, (LESSON, CONTAINER), "memory_stat", files, _SHOWS["memory"])
    return Fact(cgroups.read(files).anonymous, exhibits=(exhibit,))


def _answered(key: str, pod: str, value: Callable[[Answer], str]) -> Callable[[Record], Fact]:
    """Measure what became of a query, and show the client's words."""

    def measure(record: Record) -> Fact:
        answer = record.data["answers"][key]
        command = f"kubectl exec -it {pod} -- mysql -u root"
        exhibit = Exhibit("command", f"mysql in {pod}", answer.text, _SHOWS["client"], command)
        return Fact(value(answer), exhibits=(exhibit,))

    return measure


def _ended(pod: str, query: str) -> Callable[[Record], Fact]:
    """Measure how a database ended last that a query asked too much of; the small one before it is replaced."""

    def measure(record: Record) -> Fact:
        until = record.step("resize") if pod == SMALL else record.seconds
        end = last_terminated(record.container(pod, CONTAINER, until))
        exhibit = status_exhibit(f"{pod}/{CONTAINER}, lastState", end, _SHOWS["ended"], f"kubectl describe pod {pod}")
        client = _answered(query, pod, attrgetter("outcome"))(record)
        value = f"{end['exitCode']}, {end.get('reason', '')}" if end else ""
        return Fact(value, exhibits=(exhibit, *client.exhibits))

    return measure


_RAISED = cgroups.limits({"limits": LIMITS[LESSON]})


def _expected_end(record: Record) -> OneOf:
    return OneOf(tuple(f"{OOM_KILLED}, {reason}" for reason in oom_reasons(record).values))


def _amounts(resources: Object) -> str:
    return ", ".join(f"{name} {resources[name]}" for name in ("memory", "cpu") if name in resources)


def scheduling(record: Record) -> Fact:
    pod = record.pod(GREEDY)
    condition = objects.condition(pod, "PodScheduled")
    command = f"kubectl describe pod {GREEDY}"
    exhibit = status_exhibit(f"{GREEDY}: PodScheduled", condition.get("message"), _SHOWS["waits"], command)
    return Fact(f"{pod.get('status', {}).get('phase')}, {condition.get('reason')}", exhibits=(exhibit,))


def _refusal(key: str, words: str, command: str) -> Callable[[Record], Fact]:
    """Measure whether the API server refuses a change in these words: any other refusal is another matter."""

    def measure(record: Record) -> Fact:
        refusal = record.data["refusals"].get(key, "")
        as_expected = refusal.startswith(f"{_INVALID}: ") and words in refusal
        exhibit = Exhibit("command", "API server", refusal[:300], _SHOWS["api-server"], command)
        return Fact(_INVALID if as_expected else refusal[:200], exhibits=(exhibit,))

    return measure


def _resized(field: str, file: str, unit: Callable[[int | None], Text]) -> Callable[[Record], Fact]:
    """Measure a limit in the cgroup after the resize."""

    def measure(record: Record) -> Fact:
        files = record.data["resized"]
        value = unit(getattr(cgroups.read(files).limits, field)) if files else None
        return Fact(value, exhibits=(file_exhibit(record, (SMALL, CONTAINER), file, files, _SHOWS["cgroup"]),))

    return measure


RESIZED_MEMORY = _resized("memory", "memory_limit", units.exact_size)
RESIZED_CPU = _resized("quota", "cpu_quota", units.quota)


def resize_time(record: Record) -> Fact:
    memory, cpu = RESIZED_MEMORY(record), RESIZED_CPU(record)
    done = (memory.value, cpu.value) == (units.exact_size(_RAISED.memory), units.quota(_RAISED.quota))
    exhibits = (*memory.exhibits, *cpu.exhibits)
    return Fact(word("yes" if done else "no"), record.data["resized at"], record.step("resize"), exhibits)


_outcome, _table_exists = attrgetter("outcome"), attrgetter("table_exists")
_OF_MARIADB: list[Expect[Record]] = [
    _start_time(SMALL),
    _start_time(LESSON),
    Expect(
        "idle",
        LESSON,
        Between(10 << 20, quantities.size(_RESOURCES["requests"]["memory"]), units.size),
        idle_memory,
        values={"request": _RESOURCES["requests"]["memory"]},
    ),
    Expect("small-query", f"{SMALL}, 64Mi", _expected_end, _ended(SMALL, "small-query")),
    Expect("small-lost", SMALL, "no", _answered("small-lost", SMALL, _table_exists)),
    Expect("lesson-query", f"{LESSON}, 128Mi", "answers", _answered("lesson-query", LESSON, _outcome)),
    Expect("lesson-many", f"{LESSON}, 128Mi", _expected_end, _ended(LESSON, "lesson-many")),
    Expect(
        "plain-edit",
        SMALL,
        _INVALID,
        _refusal("plain", "pod updates may not change fields other than", "kubectl apply -f database.yaml"),
    ),
    Expect(
        "resize-class",
        SMALL,
        _INVALID,
        _refusal("class", "Pod QOS Class may not change", f"kubectl patch pod {SMALL} --subresource resize"),
    ),
    Expect("raised-memory", SMALL, units.exact_size(_RAISED.memory), RESIZED_MEMORY),
    Expect("raised-cpu", SMALL, units.quota(_RAISED.quota), RESIZED_CPU),
    Expect("raised-when", SMALL, word("yes"), resize_time, (0.0, _RESIZE_SECONDS)),
    Expect(
        "raised-same",
        SMALL,
        "same",
        same_container(SMALL, CONTAINER, "resize", _SHOWS["container"], before="replace"),
    ),
    Expect("raised-query", f"{SMALL}, 128Mi", "answers", _answered("raised-query", SMALL, _outcome)),
    Expect("raised-kept", SMALL, "yes", _answered("raised-kept", SMALL, _table_exists)),
    Expect("replaced-pod", SMALL, "another", Same(SMALL, "metadata.uid", "replace", _SHOWS["replaced"])),
    Expect("replaced-class", SMALL, "Guaranteed", PodField(SMALL, "status.qosClass", _SHOWS["replaced"])),
]
EXPECTS: list[Expect[Record]] = [
    _starts(SMALL),
    _starts(LESSON),
    Expect(
        "allocated",
        LESSON,
        _amounts(_RESOURCES["requests"]),
        PodField(LESSON, "status.containerStatuses[0].allocatedResources", _SHOWS["set-aside"], _amounts),
    ),
    Expect("no-room", GREEDY, "Pending, Unschedulable", scheduling),
    *(replace(expect, when=stands_in) for expect in _OF_MARIADB),
]
