"""`lab verify`: what is deployed is tried, in parallel, and each answer explained by the model of the live objects."""

import functools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace

from lab import shell
from lab.config import Settings
from lab.deploy import chat, services, status
from lab.deploy.fetch import Answer
from lab.deploy.services import ServicePod
from lab.errors import CommandFailed, LabError
from lab.experiments.matrix import deployed, engine
from lab.experiments.matrix.deployed import Source, Trial
from lab.experiments.matrix.probe_protocol import HttpReply, http_command, read_http
from lab.experiments.model.cluster import ClusterModel, Listener, Pod
from lab.experiments.model.explain import because
from lab.experiments.model.predict import predict
from lab.experiments.texts import load
from lab.kubernetes import client, ephemeral
from lab.kubernetes.client import Api
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.port_forward import PortForward, port_forward
from lab.results import Check

Ask = Callable[[Source, Sequence[str]], Mapping[str, HttpReply]]


NO_NAME, DELIVERED, REDIS_OK = "no such name", "delivered", "its readiness lists Redis as ok"
FAILURES = {
    "no-name": NO_NAME,
    "refused": "refused",
    "timeout": "timed out",
    "reset": "the connection was closed without an answer",
}
_TIMEOUT = 30.0
_TEXTS = load("verify")


def verify(settings: Settings) -> list[Check]:
    """Try everything, with a deadline each; a row that could not be tried is not ok.

    Raises Refused where the cluster is not the lab's own, LabError where no Pod carries a service.
    """
    api = client.api(settings)
    found = services.find(api)
    if not found:
        raise LabError(f"no Pod carries {services.BACK} or {services.FRONT}", services.NO_POD)
    pods = services.one_of_each(found)
    model = served(engine.read_model(api, sorted({pod.namespace for pod in found})), pods)
    replicas = [pod for pod in found if pod.service == services.BACK and pod.by_lab and pod.is_ready]
    shared = replicas if status.shape(api) == "scale" else None
    sources = deployed.sources(settings, model.cluster.node_ip, deployed.Deployment(pods, model.services, shared))
    ask = functools.partial(_ask, settings, api)
    pair = (shared or [])[:2]
    with ThreadPoolExecutor(max_workers=len(sources) + 1) as pool:
        message = pool.submit(lambda: [across(settings, *pair)] if len(pair) > 1 else [])
        rows = list(pool.map(lambda source: attempt(model, source, ask), sources))
        return [*(check for checks in rows for check in checks), *message.result()]


def served(model: ClusterModel, pods: Sequence[ServicePod]) -> ClusterModel:
    """Add the servers that are known by what they answer: their image and their command do not tell."""
    servers = {(pod.namespace, pod.name): pod for pod in pods}

    def listening(pod: Pod) -> Pod:
        server = servers.get((pod.namespace, pod.name))
        if not server or any(container.listeners for container in pod.containers):
            return pod
        listener = Listener("0.0.0.0", server.port)  # noqa: S104 - it answered at the Pod's own address
        containers = (
            replace(part, listeners=(listener,)) if part.name == server.container["name"] else part
            for part in pod.containers
        )
        return replace(pod, containers=tuple(containers))

    return replace(model, pods=tuple(map(listening, model.pods)))


def _ask(settings: Settings, api: Api, source: Source, urls: Sequence[str]) -> Mapping[str, HttpReply]:
    """Run the probe program at a vantage point; an ephemeral container is made of its Pod's own image."""
    target, container = source.target, source.vantage.container
    if target is None:
        return _on_computer(urls)
    if source.vantage.kind == "port-forward":
        with _forward(settings, target) as forward:
            local = {url: url.replace(f":{target.port}", f":{forward.port}", 1) for url in urls}
            replies = _on_computer(list(local.values()))
        return {url: replies[near] for url, near in local.items()}
    if container == ephemeral.NAME:
        container = ephemeral.ensure(api, target.pod, target.container["image"])
    return read_http(PodExec(settings).run(ContainerRef.of(target.pod, container), http_command(urls), _TIMEOUT))


def _on_computer(urls: Sequence[str]) -> Mapping[str, HttpReply]:
    return read_http(shell.run(http_command(urls, sys.executable), timeout=_TIMEOUT).stdout)


def _forward(settings: Settings, target: ServicePod) -> AbstractContextManager[PortForward]:
    return port_forward(settings, f"pod/{target.name}", target.port, namespace=target.namespace)


def attempt(model: ClusterModel, source: Source, ask: Ask) -> list[Check]:
    """Ask all addresses from one vantage point; where that is not possible, each row says why."""
    urls = list(dict.fromkeys(url for trial in source.trials for url in (trial.url, trial.identity_url) if url))
    began = time.monotonic()
    try:
        answers = {url: _answer(reply) for url, reply in ask(source, urls).items()}
    except LabError as error:
        answers = dict.fromkeys(urls, Answer(0, failed=_brief(error), seconds=time.monotonic() - began))
    return [judge(model, source, trial, answers) for trial in source.trials]


def _answer(reply: HttpReply) -> Answer:
    if reply.outcome == "answers":
        return Answer(reply.status, reply.body, seconds=reply.seconds)
    return Answer(0, failed=FAILURES.get(reply.outcome, reply.detail), seconds=reply.seconds)


def _brief(error: LabError) -> str:
    """Return a program's own last line, without the long command that it was."""
    lines = error.output.strip().splitlines() if isinstance(error, CommandFailed) else []
    return lines[-1] if lines else error.what


def judge(model: ClusterModel, source: Source, trial: Trial, answers: Mapping[str, Answer]) -> Check:
    """Compare an answer, and the Pod that says it gave it, with what is to be; the model says why it is so."""
    not_tried = Answer(0, failed="it was not tried")
    answer, pod = answers.get(trial.url, not_tried), answers.get(trial.identity_url, not_tried).pod
    if trial.check:
        expected, (ok, answered) = REDIS_OK, readiness(answer, trial.check)
    elif trial.service:
        is_its_pod = not trial.says_pod or (bool(pod) and trial.pod in {"", pod})
        expected, ok = trial.service, answer.is_from(trial.service) and is_its_pod
        answered = _identified(answer, pod, ok=ok)
    else:
        expected, ok, answered = NO_NAME, answer.failed == NO_NAME, answer.summary
    why = _reason(model, source, trial, answer, ok=ok)
    return Check(trial.tried, source.name, trial.url, expected, answered, ok, why, round(answer.seconds, 3))


def _identified(answer: Answer, pod: str, *, ok: bool) -> str:
    if ok:
        return f"{answer.status}, {pod} {answer.version}".strip() if pod else answer.summary
    return f"{answer.summary}, Pod {pod}" if answer.ok and pod else answer.summary


def readiness(answer: Answer, name: str) -> tuple[bool, str]:
    """Tell whether a readiness lists a check as ok, and what it says of it."""
    try:
        check = next(check for check in json.loads(answer.body)["checks"] if check["name"] == name)
    except (ValueError, KeyError, TypeError, StopIteration):
        return False, answer.failed or f"{answer.status}, which says nothing of {name.capitalize()}"
    return check["ok"], check.get("reason") or f"{name.capitalize()} is ok"


def _reason(model: ClusterModel, source: Source, trial: Trial, answer: Answer, *, ok: bool) -> str:
    """Return why the live objects make it so, be it as it should or not; else that it is unexpected, and why."""
    prediction = predict(model, source.vantage, trial.address)
    explanation = because(model, source.vantage, trial.address, prediction).en
    note = _TEXTS[trial.note].en if trial.note else ""
    reason = note if trial.check else f"{note} {explanation}".strip()
    is_explained = trial.service and answer.failed and prediction.outcome in FAILURES
    return reason if ok or is_explained else _TEXTS["not-predicted"].format(reason=reason).en


def across(settings: Settings, sender: ServicePod, receiver: ServicePod) -> Check:
    began = time.monotonic()
    try:
        with _forward(settings, sender) as near, _forward(settings, receiver) as far:
            result = chat.across(f"http://127.0.0.1:{near.port}", f"http://127.0.0.1:{far.port}")
    except LabError as error:
        result = _brief(error)
    ok, seconds = result == DELIVERED, round(time.monotonic() - began, 3)
    address = f"/api/visitors at {sender.name}, then at {receiver.name}"
    why = _TEXTS["across"] if ok else _TEXTS["not-predicted"].format(reason=_TEXTS["across"])
    return Check("a message from one Pod's visitor", "two Pods", address, DELIVERED, result, ok, why.en, seconds)
