"""Keep a port of this computer forwarded to a Pod of each service, whatever becomes of the Pods."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NoReturn

from lab.config import Settings
from lab.deploy import services, status
from lab.deploy.services import PORTS, ServicePod
from lab.errors import LabError
from lab.kubernetes import client, pod_status
from lab.kubernetes.client import Api
from lab.kubernetes.objects import pod_path
from lab.kubernetes.port_forward import PortForward, port_forward

_EVERY = 1.0


class Forwards:
    """One forward of each service; ``say`` is told what is waited for, ``ready`` each Pod that is reached."""

    def __init__(self, settings: Settings, say: Callable[[str], None], ready: Callable[[ServicePod], None]) -> None:
        """Find out which services there are to be; raises LabError where there is none."""
        self._settings, self._api, self._say, self._ready = settings, client.api(settings), say, ready
        expected = PORTS if status.shape(self._api) else {pod.service for pod in status.to_open(settings)}
        self._wanted = [service for service in PORTS if service in expected]
        self._running: dict[str, tuple[PortForward, ServicePod]] = {}
        self._said: dict[str, str] = {}

    def run(self) -> NoReturn:
        """Forward until the process is interrupted; raises LabError where the first forwards cannot begin."""
        with ExitStack() as stack:
            self._begin(stack)
            while True:
                time.sleep(_EVERY)
                try:
                    self._begin(stack)
                except LabError as error:
                    self._note("", error.what)

    def _begin(self, stack: ExitStack) -> None:
        lacking = [service for service in self._wanted if not self._lives(service)]
        pods = services.first(services.find(self._api)) if lacking else []
        for service in lacking:
            pod = next((pod for pod in pods if pod.service == service and _is_running(pod)), None)
            if pod is None:
                self._note(service, f"waiting for a Pod of {service} that runs")
                continue
            target, local = f"pod/{pod.name}", PORTS[service]
            forward = port_forward(self._settings, target, pod.port, namespace=pod.namespace, local=local)
            self._running[service] = stack.enter_context(forward), pod
            self._said.clear()
            self._ready(pod)

    def _lives(self, service: str) -> bool:
        """Tell whether the forward leads somewhere: kubectl notices a Pod that went away only when it is used."""
        if service not in self._running:
            return False
        forward, pod = self._running[service]
        if forward.is_running and _is_there(self._api, pod):
            return True
        forward.end()
        del self._running[service]
        self._say(f"{pod.namespace}/{pod.name} went away")
        return False

    def _note(self, about: str, text: str) -> None:
        if self._said.get(about) != text:
            self._said[about] = text
            self._say(text)


def _is_running(pod: ServicePod) -> bool:
    return pod_status.is_running(pod_status.container_status(pod.pod, pod.container["name"]))


def _is_there(api: Api, pod: ServicePod) -> bool:
    now = api.get(pod_path(pod.namespace, pod.name)) or {"metadata": {"uid": ""}}
    return now["metadata"]["uid"] == pod.pod["metadata"]["uid"] and not pod_status.is_ending(now)
