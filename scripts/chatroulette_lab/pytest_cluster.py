"""A kind cluster for tests, by the lab's own commands and its kubectl: each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_UP, _DEPLOY, _DOWN, _KUBECTL = 1500.0, 300.0, 180.0, 60.0
_READY = 60.0
_SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
_RESTRICTED = {
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
}
"""What an ephemeral container may do: little enough for every Pod security standard."""


class CommandError(AssertionError):
    """A command failed; says with what output."""


def cache_folder() -> Path:
    """Return the folder of the lab's caches, this user's own, as the environment says."""
    folder = os.environ.get("LAB_CACHE") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(folder).expanduser() / "chatroulette-lab"


@dataclass(frozen=True)
class App:
    """The addresses of the deployed cats."""

    page: str
    backend: str


@dataclass(frozen=True)
class Cluster:
    """The cluster that the environment names."""

    name: str

    @classmethod
    def of_environment(cls) -> "Cluster":
        return cls(os.environ.get("LAB_CLUSTER") or "cats")

    @property
    def context(self) -> str:
        return f"kind-{self.name}"

    def lab(self, *words: str, timeout: float = _DEPLOY) -> str:
        return _run([sys.executable, "-m", "chatroulette_lab", *words], timeout)

    def kubectl(self, *words: str, timeout: float = _KUBECTL) -> str:
        return _run([*self._kubectl, *words], timeout)

    def exists(self) -> bool:
        """Tell whether a cluster of this name is there, up or stopped."""
        filters = ["--filter", f"label=io.x-k8s.kind.cluster={self.name}"]
        done = subprocess.run(["docker", "ps", "--all", "--quiet", *filters], capture_output=True, check=False)
        return bool(done.stdout.strip())

    def up(self) -> None:
        self.lab("kind-up", timeout=_UP)

    def down(self) -> None:
        self.lab("kind-down", timeout=_DOWN)

    def deploy(self) -> App:
        result = json.loads(self.lab("deploy", "--json").splitlines()[-1])
        return App(result["page"], result["backend"])

    @contextmanager
    def port_forward(self, target: str, port: int, namespace: str) -> Iterator[str]:
        """Forward to a Pod or Service; yields its address on this computer, on a port that was free."""
        words = [*self._kubectl, "--namespace", namespace, "port-forward", target, f":{port}"]
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        ):
            try:
                line = process.stdout.readline() if process.stdout else ""
                if not line.startswith("Forwarding from 127.0.0.1:"):
                    errors.seek(0)
                    raise CommandError(f"no port-forward to {target}: {line}{errors.read()}")
                yield f"http://127.0.0.1:{line.split()[2].rpartition(':')[2]}"
            finally:
                process.terminate()

    def ephemeral(self, pod: str, namespace: str, image: str) -> "Ephemeral":
        """Add an ephemeral container and wait until it runs."""
        container = f"guest-{uuid.uuid4().hex[:8]}"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as custom:
            json.dump(_RESTRICTED, custom)
            custom.flush()
            options = (f"--image={image}", f"--container={container}", f"--custom={custom.name}", "--profile=general")
            self.kubectl("--namespace", namespace, "debug", pod, *options, "--", "sleep", "3600")
        states = f'{{.status.ephemeralContainerStatuses[?(@.name=="{container}")].state}}'
        deadline = time.monotonic() + _READY
        state = ""
        while "running" not in state:
            if time.monotonic() > deadline or "terminated" in state:
                raise CommandError(f"the ephemeral container {container} of {namespace}/{pod} does not run: {state}")
            time.sleep(0.2)
            state = self.kubectl("--namespace", namespace, "get", "pod", pod, f"--output=jsonpath={states}")
        return Ephemeral(self, namespace, pod, container)

    def dump(self) -> str:
        """Return events, Pods, endpoints, and of each Pod that is not Ready its description and logs."""
        parts = [
            self._shown("get", "pods,endpointslices", "--all-namespaces", "--output=wide"),
            self._shown("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
        ]
        for namespace, pod in self._troubled():
            place = (f"--namespace={namespace}", pod)
            parts += [self._shown("describe", "pod", *place)]
            parts += [self._shown("logs", *place, "--all-containers", "--prefix", "--tail=40")]
        return "\n\n".join(parts)

    def _troubled(self) -> list[tuple[str, str]]:
        try:
            items = json.loads(self.kubectl("get", "pods", "--all-namespaces", "--output=json"))["items"]
        except CommandError:
            return []
        return [
            (pod["metadata"]["namespace"], pod["metadata"]["name"])
            for pod in items
            if pod["metadata"]["namespace"] not in _SYSTEM and not _is_ready(pod.get("status", {}))
        ]

    def _shown(self, *words: str) -> str:
        try:
            output = self.kubectl(*words, timeout=20)
        except CommandError as error:
            output = str(error)
        return f"$ kubectl {' '.join(words)}\n{output}"

    @property
    def _kubectl(self) -> list[str]:
        own = Path(sys.prefix) / "bin" / "kubectl"
        cached = cache_folder() / "bin" / "kubectl"
        program = next((str(path) for path in (cached, own) if path.exists()), "kubectl")
        return [program, f"--context={self.context}"]


@dataclass(frozen=True)
class Ephemeral:
    """An ephemeral container that runs."""

    cluster: Cluster
    namespace: str
    pod: str
    container: str

    def exec(self, *command: str) -> str:
        """Run a command in it; raises CommandError with its output where that fails."""
        return self.cluster.kubectl(
            "--namespace", self.namespace, "exec", self.pod, f"--container={self.container}", "--", *command
        )


@dataclass(frozen=True)
class Vantage:
    """A place to ask from: inside a Pod's network namespace."""

    container: Ephemeral

    def get(self, url: str) -> str:
        """Return what is answered; raises CommandError with wget's words where nothing answers."""
        return self.container.exec("timeout", "5", "wget", "-qO-", url)  # Debian's busybox crashes at wget's own -T


def _is_ready(status: dict[str, object]) -> bool:
    conditions = status.get("conditions")
    listed = conditions if isinstance(conditions, list) else []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in listed)


def _run(words: list[str], timeout: float) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"`{' '.join(words)}` did not end within {timeout:.0f} s") from error
    if done.returncode:
        output = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise CommandError(f"`{' '.join(words)}` ended with {done.returncode}:\n{output}")
    return done.stdout
