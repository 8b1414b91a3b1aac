"""The course's YAML as printed, its commands and its quantities, typed: what the cluster says to each.

Small facts that no other experiment has; ``claims`` draws its verdicts from them too.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab import shell, waiting
from lab.config import Settings
from lab.errors import LabError
from lab.experiments import pods
from lab.experiments.course import manifests
from lab.experiments.results import Exhibit, ExhibitKind, Experiment
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text, load
from lab.experiments.timed.expectations import Expect, Fact, judge, texts_of
from lab.kubernetes import client, namespaces, pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object, condition, pod_path
from lab.steps import Report

START = 60.0
FIRST, SECOND = manifests.MEMORY_LIMITS
"""The two containers of the Pod ``units``."""
_SHOWS = load("course").section("shows")
_UNANSWERED = (
    "Unable to connect",
    "connection refused",
    "i/o timeout",
    "TLS handshake",
    "timed out",
    "deadline exceeded",
)
"""What kubectl says where no server answered: that is no refusal."""
_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_RESERVATION_FILES = ("/sys/fs/cgroup/memory.min", "/sys/fs/cgroup/memory/memory.soft_limit_in_bytes")
_NO_SOFT_LIMIT = 1 << 62
"""cgroup v1 writes none as the largest number of whole pages."""


@dataclass(frozen=True)
class Student:
    """Types kubectl's commands in a namespace of its own."""

    settings: Settings
    api: Api
    namespace: str

    def types(self, *args: str, stdin: str | None = None) -> shell.Completed:
        """Run kubectl, whatever its exit code; raises LabError where no server answered."""
        done = client.kubectl(self.settings, "--namespace", self.namespace, *args, check=False, stdin=stdin)
        if done.code and any(message in done.stderr for message in _UNANSWERED):
            raise LabError(f"kubectl {args[0]} was not answered: {done.stderr.strip()[:200]}", "try again")
        return done

    def types_inside(self, container: str, *command: str) -> shell.Completed:
        """Run a command in a container of the Pod ``units``; again where its output was lost (Kubernetes 1.35)."""
        args = ("exec", "units", "--container", container, "--", *command)
        done = self.types(*args)
        return done if done.code or done.stdout else self.types(*args)

    def pod(self, name: str) -> Object:
        return self.api.get(pod_path(self.namespace, name)) or {}


@dataclass(frozen=True)
class Question:
    """A question of ``questions.yaml``."""

    id: str
    subject: str
    predicted: str
    measure: Callable[[Student], Fact]

    @property
    def needs_units(self) -> bool:
        """Whether the Pod ``units`` has to run first; what else it needs, the measurement waits for itself."""
        return self.subject == "units"


Facts = dict[str, Fact]


def run(settings: Settings, api: Api, image: str, report: Report) -> Experiment:  # noqa: ARG001 - the catalog's interface
    """Type everything; raises LabError where the Pods do not come up."""
    begun = begin("course")
    with namespaces.temporary_namespaces(api, "course") as (namespace,):
        student = Student(settings, api, namespace)
        report("starting the course’s Pods")
        pods.create(api, namespace, *manifests.objects())
        student.types("run", "mypod", "--image=busybox")
        with ThreadPoolExecutor(3) as pool:
            futures = {each.id: pool.submit(each.measure, student) for each in QUESTIONS if not each.needs_units}
            waiting.until("the Pod units", lambda: _ready(student), timeout=START, on_state=report)
            futures |= {each.id: pool.submit(each.measure, student) for each in QUESTIONS if each.needs_units}
            facts = {name: future.result() for name, future in futures.items()}
    return begun.ended(cluster_versions(settings, api), judge(EXPECTS, TEXTS, facts), [])


def _ready(student: Student) -> tuple[bool, str]:
    units = student.pod("units")
    return pod_status.is_ready(units), f"units: {units.get('status', {}).get('phase', 'not there')}"


def _applies(
    manifest: Object | None = None, printed: str = "", field: str = "", refusal: Sequence[str] = (), **printing: bool
) -> Callable[[Student], Fact]:
    """Ask whether the API server accepts a manifest, or how it fills in a field of it, without creating anything."""
    output = ("-o", f"jsonpath={{{field}}}") if field else ()
    command = ("apply", "--dry-run=server", *output, "-f")

    def measure(student: Student) -> Fact:
        text = manifests.printed(printed, **printing) if printed else json.dumps(manifest)
        done = student.types(*command, "-", stdin=text)
        if field:
            exhibit = _exhibit("field", field, done, _SHOWS["filled-in"].format(path=field), (*command, "pod.yaml"))
            return Fact(done.stdout.strip(), exhibits=(exhibit,))
        exhibit = _exhibit("command", "API server", done, _SHOWS["server"], (*command, "pod.yaml"))
        return Fact(_yes_or_no(done, *refusal), exhibits=(exhibit,))

    return measure


def _yes_or_no(done: shell.Completed, *refusal: str) -> str:
    """Return yes, no where it failed with exactly these words, and the error's text where it failed otherwise."""
    if not done.code:
        return "yes"
    return "no" if any(refusal) and all(phrase in done.stderr for phrase in refusal) else _error(done)


def _error(done: shell.Completed) -> str:
    return " ".join(done.stderr.split())[:200] or f"exit code {done.code}"


def _generated(student: Student) -> Fact:
    """Compare what kubectl generates with what is printed: by lines, without capitals and our namespace."""
    command = ("run", "mypod", "--image=busybox", "--dry-run=client", "-o", "yaml")
    done = student.types(*command)
    equal = _lines(done.stdout) == _lines(manifests.printed("mypod"))
    exhibit = _exhibit("command", "kubectl", done, _SHOWS["printed"], command)
    return Fact("yes" if equal else "no", exhibits=(exhibit,))


def _lines(text: str) -> set[str]:
    """Return a manifest's lines; older versions of kubectl write an empty creationTimestamp and status too."""
    left_out = ("creationtimestamp: null", "status: {}")
    lines = {line.strip() for line in text.lower().splitlines()}
    return {line for line in lines if line not in left_out and not line.startswith("namespace:")}


def _busybox_ends(student: Student) -> Fact:
    def status() -> Object:
        return pod_status.container_status(student.pod("mypod"), "mypod")

    def ended() -> tuple[bool, str]:
        return bool(pod_status.last_terminated(status())), f"mypod: {pod_status.describe(status())}"

    waiting.until("the Pod mypod to end", ended, timeout=START)
    end = pod_status.last_terminated(status())
    command = "kubectl get pod mypod -o jsonpath='{.status.containerStatuses[0]}'"
    return Fact(str(end["exitCode"]), exhibits=(Exhibit("status", "mypod", json.dumps(end), _SHOWS["ended"], command),))


def _unschedulable(student: Student) -> Fact:
    def scheduled() -> Object:
        return condition(student.pod("greedy"), "PodScheduled")

    waiting.until("the scheduler", lambda: (bool(scheduled()), "greedy: no condition PodScheduled yet"), timeout=START)
    scheduling = scheduled()
    command = "kubectl describe pod greedy"
    exhibit = Exhibit("status", "greedy", json.dumps(scheduling), _SHOWS["scheduler"], command)
    return Fact("yes" if scheduling.get("reason") == "Unschedulable" else "no", exhibits=(exhibit,))


def _unready_listed(student: Student) -> Fact:
    path = f"/apis/discovery.k8s.io/v1/namespaces/{student.namespace}/endpointslices"

    def endpoints() -> list[Object]:
        slices = student.api.items(path, labelSelector="kubernetes.io/service-name=cats")
        return [endpoint for each in slices for endpoint in each.get("endpoints") or []]

    waiting.until("the Service’s EndpointSlice", lambda: (bool(endpoints()), "no endpoint"), timeout=START)
    listed = endpoints()
    text = json.dumps([{key: endpoint.get(key) for key in ("addresses", "conditions")} for endpoint in listed])
    command = "kubectl get endpointslices -o yaml"
    exhibit = Exhibit("endpoints", "EndpointSlice of cats", text, _SHOWS["endpoint"], command)
    return Fact("yes" if listed[0]["conditions"].get("ready") is False else "no", exhibits=(exhibit,))


def _one_network(student: Student) -> Fact:
    command = ("readlink", "/proc/self/ns/net")
    done = {name: student.types_inside(name, *command) for name in (FIRST, SECOND)}
    equal = len({each.stdout for each in done.values()}) == 1 and not any(each.code for each in done.values())
    exhibits = tuple(_inside(name, "netns", each, command) for name, each in done.items())
    return Fact("same" if equal else "another", exhibits=exhibits)


def _shared_volume(student: Student) -> Fact:
    written = student.types_inside(FIRST, "cp", "/etc/hostname", "/tmp/shared")  # noqa: S108 - the Pod's own volume
    command = ("cat", "/tmp/shared")  # noqa: S108 - the same
    read = student.types_inside(SECOND, *command)
    shared = not written.code and read.stdout.strip() == "units"
    return Fact("yes" if shared else "no", exhibits=(_inside(SECOND, "command", read, command),))


def _runs(container: str, command: Sequence[str], refusal: Sequence[str] = ()) -> Callable[[Student], Fact]:
    def measure(student: Student) -> Fact:
        done = student.types_inside(container, *command)
        return Fact(_yes_or_no(done, *refusal), exhibits=(_inside(container, "command", done, command),))

    return measure


def _memory_limit(limit_of: str) -> Callable[[Student], Fact]:
    """Read a container's memory limit where the kernel keeps it: one of the two files is there, v2's or v1's."""
    command = ("cat", *_LIMIT_FILES)

    def measure(student: Student) -> Fact:
        done = student.types_inside(limit_of, *command)
        return Fact(done.stdout.strip(), exhibits=(_inside(limit_of, "cgroup", done, command),))

    return measure


def _memory_reserved(student: Student) -> Fact:
    command = ("grep", "-sH", "", *_RESERVATION_FILES)
    done = student.types_inside(FIRST, *command)
    reserved = [int(line.rpartition(":")[2]) for line in done.stdout.split()]
    answer = "yes" if any(0 < amount < _NO_SOFT_LIMIT for amount in reserved) else "no"
    return Fact(answer if reserved else _error(done), exhibits=(_inside(FIRST, "cgroup", done, command),))


def _inside(container: str, kind: ExhibitKind, done: shell.Completed, command: Sequence[str]) -> Exhibit:
    args = ("exec", "units", "-c", container, "--", *command)
    return _exhibit(kind, f"units, container {container}", done, _SHOWS["printed"], args)


def _exhibit(kind: ExhibitKind, where: str, done: shell.Completed, shows: Text, command: Sequence[str]) -> Exhibit:
    output = (done.stdout.strip() or done.stderr.strip())[:2000]
    return Exhibit(kind, where, output, shows, shlex.join(("kubectl", *command)))


FUNCTIONS: dict[str, Callable[[Student], Fact]] = {
    "generated": _generated,
    "busybox-ends": _busybox_ends,
    "one-network": _one_network,
    "shared-volume": _shared_volume,
    "floor": _memory_reserved,
    "reserved": _unschedulable,
    "unready-listed": _unready_listed,
}


def _question(id_: str, subject: str, predicted: str, **asked: Any) -> Question:
    for key, make in (("manifest", _applies), ("printed", _applies), ("container", _runs), ("limit_of", _memory_limit)):
        if key in asked:
            return Question(id_, subject, predicted, make(**asked))
    return Question(id_, subject, predicted, FUNCTIONS[id_])


_DECLARED = yaml.safe_load(Path(__file__).with_name("questions.yaml").read_text(encoding="utf-8"))
QUESTIONS = tuple(_question(id_, **question) for id_, question in _DECLARED.items())


def _expect(question: Question) -> Expect[Facts]:
    return Expect(question.id, question.subject, question.predicted, measure=lambda facts: facts[question.id])


EXPECTS = tuple(map(_expect, QUESTIONS))
TEXTS = texts_of("course", EXPECTS)
