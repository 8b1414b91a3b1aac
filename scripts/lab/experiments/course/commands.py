"""The course's YAML as printed, its commands and its quantities, typed: what the cluster says to each.

Small facts that no other experiment has; ``claims`` draws its verdicts from them too.
"""

import json
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lab import shell, waiting
from lab.config import Settings
from lab.errors import LabError
from lab.experiments import pods
from lab.experiments.course.manifests import MEMORY_LIMITS, cased, minimal, objects, pod, printed
from lab.experiments.results import Exhibit, ExhibitKind, Experiment
from lab.experiments.run import begin, cluster_versions
from lab.experiments.texts import Text, load
from lab.experiments.timed.expectations import Expect, Fact, judge, texts_of
from lab.kubernetes import client, namespaces, pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import Object, condition, pod_path
from lab.steps import Report

START = 60.0
FIRST, SECOND = MEMORY_LIMITS
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
_NO_VERSION = "apiVersion not set"
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
    """What is asked of the cluster or typed, and the answer that is predicted."""

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
        pods.create(api, namespace, *objects())
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


def _accepts(manifest: Callable[[], str], refusal: str = "") -> Callable[[Student], Fact]:
    """Ask whether the API server accepts a manifest, without creating anything; ``refusal`` are the words of a no."""
    command = ("apply", "--dry-run=server", "-f")

    def measure(student: Student) -> Fact:
        done = student.types(*command, "-", stdin=manifest())
        exhibit = _exhibit("command", "API server", done, _SHOWS["server"], (*command, "pod.yaml"))
        return Fact(_yes_or_no(done, refusal), exhibits=(exhibit,))

    return measure


def _yes_or_no(done: shell.Completed, *refusal: str) -> str:
    """Return yes, no where it failed with exactly these words, and the error's text where it failed otherwise."""
    if not done.code:
        return "yes"
    return "no" if any(refusal) and all(phrase in done.stderr for phrase in refusal) else _error(done)


def _error(done: shell.Completed) -> str:
    return " ".join(done.stderr.split())[:200] or f"exit code {done.code}"


def _filled_in(path: str, manifest: Callable[[], str]) -> Callable[[Student], Fact]:
    """Read a field, such as ``.status.qosClass``, as the API server fills it in, without creating the Pod."""
    command = ("apply", "--dry-run=server", "-o", f"jsonpath={{{path}}}", "-f")

    def measure(student: Student) -> Fact:
        done = student.types(*command, "-", stdin=manifest())
        exhibit = _exhibit("field", path, done, _SHOWS["filled-in"].format(path=path), (*command, "pod.yaml"))
        return Fact(done.stdout.strip(), exhibits=(exhibit,))

    return measure


def _generated(student: Student) -> Fact:
    """Compare what kubectl generates with what is printed: by lines, without capitals and our namespace."""
    command = ("run", "mypod", "--image=busybox", "--dry-run=client", "-o", "yaml")
    done = student.types(*command)
    equal = _lines(done.stdout) == _lines(printed("mypod"))
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


def _has_program(program: str) -> Callable[[Student], Fact]:
    command = (program, "-c", "echo a shell")

    def measure(student: Student) -> Fact:
        done = student.types_inside(FIRST, *command)
        answer = _yes_or_no(done, f'"{program}"', "no such file or directory")
        return Fact(answer, exhibits=(_inside(FIRST, "command", done, command),))

    return measure


def _memory_limit(container: str) -> Callable[[Student], Fact]:
    """Read a memory limit where the kernel keeps it: one of the two files is there, v2's or v1's."""
    command = ("cat", *_LIMIT_FILES)

    def measure(student: Student) -> Fact:
        done = student.types_inside(container, *command)
        return Fact(done.stdout.strip(), exhibits=(_inside(container, "cgroup", done, command),))

    return measure


def _memory_reserved(student: Student) -> Fact:
    command = ("grep", "-sH", "", *_RESERVATION_FILES)
    done = student.types_inside(FIRST, *command)
    reserved = [int(line.rpartition(":")[2]) for line in done.stdout.split()]
    answer = "yes" if any(0 < amount < _NO_SOFT_LIMIT for amount in reserved) else "no"
    return Fact(answer if reserved else _error(done), exhibits=(_inside(FIRST, "cgroup", done, command),))


def _inside(container: str, kind: ExhibitKind, done: shell.Completed, command: tuple[str, ...]) -> Exhibit:
    args = ("exec", "units", "-c", container, "--", *command)
    return _exhibit(kind, f"units, container {container}", done, _SHOWS["printed"], args)


def _exhibit(kind: ExhibitKind, where: str, done: shell.Completed, shows: Text, command: tuple[str, ...]) -> Exhibit:
    output = (done.stdout.strip() or done.stderr.strip())[:2000]
    return Exhibit(kind, where, output, shows, shlex.join(("kubectl", *command)))


QUESTIONS = (
    Question("mypod", "API server", "no", _accepts(lambda: printed("mypod"), _NO_VERSION)),
    Question("goproxy", "API server", "no", _accepts(lambda: printed("goproxy"), _NO_VERSION)),
    Question("goproxy-cased", "API server", "no", _accepts(lambda: cased("goproxy"), 'unknown field "labels"')),
    Question("database", "API server", "yes", _accepts(lambda: printed("database"))),
    Question(
        "without-api-version",
        "API server",
        "no",
        _accepts(lambda: pod({"name": "one", "image": "busybox"}, apiVersion=None), _NO_VERSION),
    ),
    Question("no-container", "API server", "no", _accepts(pod, "spec.containers: Required value")),
    Question("startup-probe", "API server", "yes", _accepts(minimal(startupProbe={"tcpSocket": {"port": 3000}}))),
    Question("grpc-probe", "API server", "yes", _accepts(minimal(livenessProbe={"grpc": {"port": 3000}}))),
    Question("storage", "API server", "yes", _accepts(minimal(resources={"limits": {"ephemeral-storage": "1Gi"}}))),
    Question("best-effort", "API server", "BestEffort", _filled_in(".status.qosClass", minimal())),
    Question(
        "milli",
        "API server",
        "100m",
        _filled_in(".spec.containers[0].resources.requests.cpu", minimal(resources={"requests": {"cpu": "0.1"}})),
    ),
    Question("generated", "kubectl", "yes", _generated),
    Question("busybox-ends", "mypod", "0", _busybox_ends),
    Question("one-network", "units", "same", _one_network),
    Question("shared-volume", "units", "yes", _shared_volume),
    Question("shell", "units", "yes", _has_program("/bin/sh")),
    Question("no-bash", "units", "no", _has_program("/bin/bash")),
    Question("bytes-m", "units", "128000000", _memory_limit("m")),
    Question("bytes-mi", "units", "134217728", _memory_limit("mi")),
    Question("floor", "units", "no", _memory_reserved),
    Question("reserved", "greedy", "yes", _unschedulable),
    Question("unready-listed", "cats", "yes", _unready_listed),
)


def _expect(question: Question) -> Expect[Facts]:
    return Expect(question.id, question.subject, question.predicted, measure=lambda facts: facts[question.id])


EXPECTS = tuple(map(_expect, QUESTIONS))
TEXTS = texts_of("course", EXPECTS)
