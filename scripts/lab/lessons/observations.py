"""Measure what a lesson observes, all at the same time, on the live cluster."""

import json
import re
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jmespath

from lab import shell
from lab.config import Settings
from lab.errors import CommandFailed, LabError
from lab.experiments.matrix.dialled import quoted
from lab.experiments.matrix.probe_protocol import HttpReply, http_command, read_http
from lab.experiments.texts import Language, load
from lab.kubernetes.client import Api, ApiError
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.objects import pod_path
from lab.kubernetes.port_forward import port_forward
from lab.kubernetes.quantities import exact
from lab.lessons import observer, template
from lab.lessons.definition import Exec, Forward, Http, Log, Observation, Top
from lab.lessons.state import State

NO_TARGET = "no-target"
SECONDS = 2.0
"""What an HTTP request may take."""
_NOTHING: State = {"outcome": NO_TARGET, "status": 0, "body": "", "json": None}
_TEXTS = load("lessons").section("http")
_GONE = (400, 404)
"""The API server's answers where a container has no log yet, or its Pod is gone."""


@dataclass(frozen=True)
class Observations:
    """What was measured, by name; ``unknown`` says of the others why they could not be measured."""

    values: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Observer:
    """Measures in one namespace; one for a lesson, safe across threads."""

    settings: Settings
    api: Api
    namespace: str
    language: Language = "en"

    @cached_property
    def pod_exec(self) -> PodExec:
        return PodExec(self.settings)

    def observe(self, declared: Mapping[str, Observation], state: State) -> Observations:
        """Measure all at the same time; what cannot be measured is unknown, never left out."""
        urls = {name: self._url(each, state) for name, each in declared.items() if isinstance(each, Http)}
        others = {name: each for name, each in declared.items() if not isinstance(each, Http)}
        if not declared:
            return Observations()
        values: dict[str, Any] = {}
        unknown: dict[str, str] = {}
        with ThreadPoolExecutor(len(declared)) as pool:
            replies = pool.submit(self._http, [url for url in urls.values() if url])
            futures = {name: pool.submit(self._measure, each, state) for name, each in others.items()}
            for name, future in futures.items():
                try:
                    values[name] = future.result()
                except LabError as error:
                    unknown[name] = error.what
            try:
                answers = replies.result()
                values |= {name: self._shown(url, answers.get(url or "")) for name, url in urls.items()}
            except LabError as error:
                unknown |= dict.fromkeys(urls, error.what)
        return Observations(values, unknown)

    def _url(self, declared: Http, state: State) -> str | None:
        """Return the URL, the names of the lesson's Services made whole; None where it leads to no Pod."""
        return template.fill_all(declared.url.replace("$NAMESPACE", self.namespace), state)

    def _http(self, urls: list[str]) -> dict[str, HttpReply]:
        if not urls:
            return {}
        where = observer.ensure(self.api, self.settings)
        return read_http(self.pod_exec.run(where, http_command(urls, seconds=SECONDS), timeout=15))

    def _measure(self, declared: Observation, state: State) -> Any:
        match declared:
            case Forward():
                return self._forward(declared, state)
            case Log():
                return self._log(declared, state)
            case Exec():
                return self._exec(declared, state)
            case Top():
                return self._top()
        raise AssertionError(declared)

    def _forward(self, declared: Forward, state: State) -> State:
        """Ask through a port-forward; kubectl takes the call, and says itself how the dial in the Pod ended."""
        pod = jmespath.search(declared.pod, state)
        if not pod:
            return self._shown(None, None)
        url = f"http://localhost:{declared.port}{declared.path}"
        with port_forward(self.settings, f"pod/{pod}", declared.port, namespace=self.namespace) as forward:
            near = f"http://127.0.0.1:{forward.port}{declared.path}"
            printed = shell.run(http_command([near], sys.executable, SECONDS), timeout=15).stdout
            reply = read_http(printed)[near]
            if reply.outcome != "answers" and forward.errors:
                reply = HttpReply(quoted(forward.errors).outcome, detail=forward.errors)
        return self._shown(url, reply)

    def _shown(self, url: str | None, reply: HttpReply | None) -> State:
        if url is None or reply is None:
            return {**_NOTHING, "summary": _TEXTS[NO_TARGET].of(self.language)}
        text = _TEXTS["status"] if reply.status else _TEXTS[reply.outcome]
        summary = text.format(url=url, status=reply.status).of(self.language)
        return {
            "outcome": reply.outcome,
            "status": reply.status,
            "body": reply.body,
            "json": _json(reply.body),
            "detail": reply.detail,
            "summary": summary,
        }

    def _log(self, declared: Log, state: State) -> State:
        pods = {pod["name"]: pod for pod in state["pods"]}
        names = [name for name in jmespath.search(declared.pods, state) or [] if name in pods]
        matches: list[str] = []
        for name in names:
            groups = (pods[name][group] for group in ("init", "containers", "ephemeral"))
            for container in (container["name"] for group in groups for container in group):
                if declared.container in {"", container}:
                    text = self._log_text(name, container, previous=declared.previous)
                    matches += [match[match.re.groups and 1] for match in re.finditer(declared.match, text)]
        return {"matches": matches}

    def _log_text(self, pod: str, container: str, *, previous: bool) -> str:
        """Return a container's log; empty where it has not started yet, or has no former life."""
        query: dict[str, str | int] = {"container": container, "previous": str(previous).lower()}
        try:
            return self.api.text(f"{pod_path(self.namespace, pod)}/log", **query)
        except ApiError as error:
            if error.code not in _GONE:
                raise
            return ""

    def _exec(self, declared: Exec, state: State) -> State:
        pod, container = jmespath.search(declared.pod, state), jmespath.search(declared.container, state)
        if not (pod and container):
            return {"outcome": NO_TARGET, "output": "", "code": None}
        try:
            output = self.pod_exec.run(ContainerRef(self.namespace, pod, container), declared.command, timeout=10)
        except CommandFailed as error:
            return {"outcome": "failed", "output": error.output.strip(), "code": error.code}
        except LabError as error:  # such as a container that has just ended, or has no such program
            return {"outcome": "not-run", "output": error.what, "code": None}
        return {"outcome": "ran", "output": output.strip(), "code": 0}

    def _top(self) -> list[State]:
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{self.namespace}/pods"
        return [
            {
                "name": item["metadata"]["name"],
                "cpu": sum(float(exact(each["usage"]["cpu"]) * 1000) for each in item["containers"]),
                "memory": sum(int(exact(each["usage"]["memory"])) for each in item["containers"]),
            }
            for item in self.api.items(path)
        ]


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
