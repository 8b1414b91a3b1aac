"""What the steps of an experiment in time act on: its namespace, its Pods, its recorder."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lab.experiments.pods import PORT, create
from lab.experiments.timed.recorder import SHORT
from lab.kubernetes.exec import ContainerRef, PodExec
from lab.kubernetes.objects import pod_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import Settings
    from lab.experiments.results import ClusterVersions
    from lab.experiments.timed.recorder import Recorder
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report


@dataclass
class Context:
    """One run of an experiment while it goes on; steps put into ``data`` what checks need beside the observations."""

    settings: Settings
    api: Api
    image: str
    report: Report
    namespace: str
    recorder: Recorder
    cluster: ClusterVersions
    data: dict[str, Any] = field(default_factory=dict)
    last_step: float = 0.0
    _background: list[threading.Thread] = field(default_factory=list)

    @cached_property
    def exec(self) -> PodExec:
        return PodExec(self.settings)

    def container(self, pod: str, name: str) -> ContainerRef:
        return ContainerRef(self.namespace, pod, name)

    def pod_path(self, name: str) -> str:
        return pod_path(self.namespace, name)

    def create(self, item: Object) -> None:
        """Create a Pod or a Service; raises ApiError."""
        create(self.api, self.namespace, item)

    def request(self, pod: str, method: str, path: str, body: object = None) -> Any:
        """Ask a backend by way of the API server's Pod proxy; raises ApiError for what is not a 2xx."""
        return self.api.call(method, self.proxy_path(pod, path), body)

    def proxy_path(self, pod: str, path: str) -> str:
        return f"{self.pod_path(pod)}:{PORT}/proxy{path}"

    def step(self, name: str) -> None:
        self.last_step = self.recorder.step(name)

    def start(self, act: Callable[[], None]) -> None:
        """Do something beside the steps that follow."""
        thread = threading.Thread(target=act, daemon=True)
        self._background.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait for what was started."""
        for thread in self._background:
            thread.join(SHORT)
