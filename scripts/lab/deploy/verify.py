"""Try the services as a user would, from everywhere at once, and say what answered and why."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.deploy import fetch
from lab.deploy.fetch import NO_NAME, Answer
from lab.deploy.status import deployed, shape
from lab.errors import CommandFailed, LabError
from lab.kubernetes import client, ephemeral
from lab.kubernetes.objects import is_condition_true
from lab.kubernetes.port_forward import PortForward, port_forward
from lab.results import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from lab.config import Settings
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object

WHY_NODE_PORT = "kind passes this port of the computer to the node, whose NodePort leads to the Service's Ready Pods"
WHY_FORWARD = "port-forward dials localhost inside the Pod's network, by way of the API server and kubelet"
WHY_LOCALHOST = "all containers of a Pod share one network, so this loopback is the app's own"
WHY_POD_NAME = "kubelet writes the Pod's hostname with its IP into /etc/hosts, and mounts it into each container"
WHY_CONTAINER = "a container's name is in no hosts file and no DNS: only the Pod's own name is"
WHY_SERVICE = "the cluster's DNS gives the Service's address, and the node sends it on to a Ready Pod"
WHY_REDIS = "REDIS_URL names Redis' Service: the state that all backends share is there, and none of it in them"
WHY_REPLICA = "Pods reach one another by their addresses; a Service only chooses one of them"
WHY_ACROSS = "all Pods keep visitors and chats in one Redis, and each tells its own visitors what is new there"
REDIS_ANSWERS = "its readiness lists Redis as ok"
DELIVERED = "delivered"
WHY_BACKEND_URL = "BACKEND_URL names the backend's Service: this is the wire between the two services"


@dataclass(frozen=True)
class Side:
    """One of the two services: its Pod, and what a person asks it."""

    service: str
    port: int
    path: str
    pod: Object

    @property
    def pod_name(self) -> str:
        """The Pod's name, which is its hostname too."""
        return str(self.pod["metadata"]["name"])

    @property
    def container(self) -> str:
        """The name of the Pod's one container."""
        return str(self.pod["spec"]["containers"][0]["name"])

    def url(self, host: str) -> str:
        """Return what to ask by this name."""
        return f"http://{host}:{self.port}{self.path}"


@dataclass(frozen=True)
class Try:
    """One thing to try: an address, what is predicted, and why.

    Predicted is the service that answers, that there is no such name, or that the backend reaches its Redis.

    ``pod`` is the one Pod that may answer, where the address leaves no choice.
    """

    tried: str
    url: str
    expected: str
    why: str
    pod: str = ""

    @property
    def who(self) -> str:
        """Where to ask which Pod answers: the page says it by itself."""
        return self.url.replace("/version", "/whoami") if self.expected not in {NO_NAME, REDIS_ANSWERS} else ""


@dataclass(frozen=True)
class Job:
    """What is tried from one vantage point, by one call of ``ask`` for all of its addresses."""

    vantage: str
    tries: Sequence[Try]
    ask: Callable[[Sequence[str]], list[Answer]]


def verify(settings: Settings) -> list[Check]:
    """Try everything, in parallel, with a deadline each; a row that could not be tried is one that is not ok.

    Raises Refused where the cluster is not the lab's own, LabError where the services are not deployed.
    """
    api = client.api(settings)
    pods, scaled = deployed(api), shape(api) == "scale"
    back, front = sides(pods)
    replicas = ready(pods, back.service) if scaled else []
    jobs = [
        Job("this computer", here(settings, back, front), lambda urls: [fetch.get(url) for url in urls]),
        *_jobs(settings, api, back, front, replicas),
        *_jobs(settings, api, front, back, replicas),
    ]
    with ThreadPoolExecutor(max_workers=len(jobs) + 1) as pool:
        talk = pool.submit(lambda: [across(settings, *replicas[:2])] if len(replicas) > 1 else [])
        return [*(check for found in pool.map(attempt, jobs) for check in found), *talk.result()]


def ready(pods: Sequence[Object], service: str) -> list[Side]:
    """List the Pods of the backend that are Ready, each as a side of its own."""
    return [Side(service, 3000, "/version", pod) for pod in of(pods, service) if is_condition_true(pod, "Ready")]


def of(pods: Sequence[Object], service: str) -> list[Object]:
    """List a service's Pods."""
    return [pod for pod in pods if pod["metadata"]["labels"].get("app.kubernetes.io/name") == service]


def across(settings: Settings, one: Side, other: Side) -> Check:
    """Have a visitor of one Pod write to a visitor of the other."""
    from lab.deploy import chat  # noqa: PLC0415 - the client of the roulette is not on the way to `lab --help`

    began = time.monotonic()
    try:
        with _to(settings, one) as here, _to(settings, other) as there:
            said = chat.across(f"http://127.0.0.1:{here.port}", f"http://127.0.0.1:{there.port}")
    except LabError as error:
        said = _in_short(error)
    ok, took = said == DELIVERED, round(time.monotonic() - began, 3)
    address = f"/api/visitors at {one.pod_name}, then at {other.pod_name}"
    why = WHY_ACROSS if ok else f"not as predicted; it should be so because {WHY_ACROSS}"
    return Check("a message from one Pod's visitor", "two Pods", address, DELIVERED, said, ok, why, took)


def _jobs(settings: Settings, api: Api, side: Side, other: Side, replicas: Sequence[Side]) -> list[Job]:
    def from_app(urls: Sequence[str]) -> list[Answer]:
        return fetch.with_python(settings, side.pod, side.container, urls)

    def from_guest(urls: Sequence[str]) -> list[Answer]:
        return fetch.with_wget(settings, side.pod, ephemeral.ensure(api, side.pod), urls)

    wired = side.service.endswith("-front")
    own = inside(side, wired=wired) + (apart(replicas) if wired else [redis(side)] if replicas else [])
    guest = beside(side, other) if wired or not replicas else beside(side, None)
    return [
        Job(
            f"a port-forward to {side.pod_name}",
            [forwarded(side)],
            lambda urls: _forwarded(settings, side, urls),
        ),
        Job(f"container {side.container} of {side.pod_name}", own, from_app),
        Job(f"ephemeral container in {side.pod_name}", guest, from_guest),
    ]


def sides(pods: Sequence[Object]) -> tuple[Side, Side]:
    """Find the two services' Pods among those that are deployed; raises LabError for one that is missing."""
    return _side(pods, "k8-chatroulette-back", 3000, "/version"), _side(pods, "k8-chatroulette-front", 8080, "/")


def _side(pods: Sequence[Object], service: str, port: int, path: str) -> Side:
    if mine := of(pods, service):
        return Side(service, port, path, max(mine, key=lambda pod: is_condition_true(pod, "Ready")))
    raise LabError(
        f"the lab has deployed no Pod of {service}",
        "`make deploy` does; a Pod of that name that you made gives way to it",
    )


def here(settings: Settings, back: Side, front: Side) -> list[Try]:
    """List what a browser on this computer would ask."""
    return [
        Try("the page, on the node's port", f"{settings.front_url}/", front.service, WHY_NODE_PORT),
        Try("the backend, on the node's port", f"{settings.back_url}/version", back.service, WHY_NODE_PORT),
    ]


def forwarded(side: Side) -> Try:
    """Describe the course's own ``kubectl port-forward``."""
    return Try(f"port-forward to {side.pod_name}", side.url("localhost"), side.service, WHY_FORWARD, side.pod_name)


def inside(side: Side, *, wired: bool) -> list[Try]:
    """List what is asked from the app's own container; ``wired`` adds the backend, as the frontend calls it."""
    tries = [
        Try("localhost", side.url("localhost"), side.service, WHY_LOCALHOST, side.pod_name),
        Try("127.0.0.1", side.url("127.0.0.1"), side.service, WHY_LOCALHOST, side.pod_name),
        Try("the Pod's name", side.url(side.pod_name), side.service, WHY_POD_NAME, side.pod_name),
    ]
    if side.container not in {side.pod_name, side.service}:
        tries.append(Try("the container's name", side.url(side.container), NO_NAME, WHY_CONTAINER))
    if wired:
        tries.append(Try("BACKEND_URL", "$BACKEND_URL/version", "k8-chatroulette-back", WHY_BACKEND_URL))
    return tries


def redis(side: Side) -> Try:
    """Describe how the backend itself sees its Redis."""
    return Try("Redis, as the backend sees it", f"http://localhost:{side.port}/readyz", REDIS_ANSWERS, WHY_REDIS)


def apart(replicas: Sequence[Side]) -> list[Try]:
    """List each of the backend's Pods at its own address."""
    return [
        Try(f"{one.pod_name}, alone", one.url(one.pod["status"]["podIP"]), one.service, WHY_REPLICA, one.pod_name)
        for one in replicas
    ]


def beside(side: Side, other: Side | None) -> list[Try]:
    """List what is asked from an ephemeral container: its own Pod, and the other Pod through its Service.

    Without an ``other`` that is left out: a NetworkPolicy forbids it, and whether that counts depends on the cluster.
    """
    own = [
        Try("localhost", side.url("localhost"), side.service, WHY_LOCALHOST, side.pod_name),
        Try("the Pod's name", side.url(side.pod_name), side.service, WHY_POD_NAME, side.pod_name),
    ]
    if other is None:
        return own
    name = f"Service {other.service}, from another Pod"
    return [*own, Try(name, other.url(other.service), other.service, WHY_SERVICE)]


def attempt(job: Job) -> list[Check]:
    """Ask all addresses from one vantage point; where that is not possible, each row says why."""
    urls = list(dict.fromkeys(url for one in job.tries for url in (one.url, one.who) if url))
    began = time.monotonic()
    try:
        answers = dict(zip(urls, job.ask(urls), strict=False))
    except LabError as error:
        failed = Answer(0, failed=_in_short(error), seconds=time.monotonic() - began)
        answers = dict.fromkeys(urls, failed)
    nothing = Answer(0, failed="it was not tried")
    return [judge(job.vantage, one, answers.get(one.url, nothing), answers.get(one.who, nothing)) for one in job.tries]


def _in_short(error: LabError) -> str:
    """Say a program's own last line, without the long command that it was."""
    lines = error.output.strip().splitlines() if isinstance(error, CommandFailed) else []
    return lines[-1] if lines else error.what


def judge(vantage: str, one: Try, answer: Answer, who: Answer) -> Check:
    """Compare an answer, and the Pod that says it gave it, with the prediction."""
    pod = fetch.pod_of(who.body)
    if one.expected == NO_NAME:
        ok = answer.failed == NO_NAME
    elif one.expected == REDIS_ANSWERS:
        ok, answer = redis_answers(answer)
    else:
        ok = answered_by(answer, one.expected) and bool(pod) and one.pod in {"", pod}
    said = f"{answer.status}, {pod} {answer.version}".strip() if ok and pod else answer.summary
    if not ok and answer.ok and pod:
        said += f", Pod {pod}"
    why = one.why if ok else f"not as predicted; it should be so because {one.why}"
    return Check(one.tried, vantage, one.url, one.expected, said, ok, why, round(answer.seconds, 3))


def redis_answers(answer: Answer) -> tuple[bool, Answer]:
    """Tell whether a readiness lists Redis as ok, with the reason where it says one."""
    try:
        checks = json.loads(answer.body)["checks"]
        found = next(one for one in checks if one["name"] == "redis")
    except (ValueError, KeyError, TypeError, StopIteration):
        return False, replace(answer, failed=answer.failed or f"{answer.status}, which says nothing of Redis")
    return found["ok"], replace(answer, failed=answer.failed or found.get("reason") or "Redis is ok")


def answered_by(answer: Answer, service: str) -> bool:
    """Tell whether it was this service: the backend says its name, the frontend is the one that has a page."""
    return answer.ok and (f'"{service}"' in answer.body or (service.endswith("-front") and "<html" in answer.body))


def _forwarded(settings: Settings, side: Side, urls: Sequence[str]) -> list[Answer]:
    with _to(settings, side) as forward:
        began = time.monotonic()
        answers = [fetch.get(url.replace(f":{side.port}", f":{forward.port}", 1)) for url in urls]
        return [replace(one, seconds=time.monotonic() - began) for one in answers]


def _to(settings: Settings, side: Side) -> AbstractContextManager[PortForward]:
    return port_forward(settings, f"pod/{side.pod_name}", side.port, namespace=side.pod["metadata"]["namespace"])
