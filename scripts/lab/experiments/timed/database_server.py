"""One database on the cluster: waits for it, asks it, reads its cgroup, changes its resources."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lab import waiting
from lab.experiments.timed import cgroups, looking
from lab.experiments.timed.database_evidence import READY, Answer, Start
from lab.experiments.timed.expecting import MOST
from lab.kubernetes import client

if TYPE_CHECKING:
    from lab.config import Settings
    from lab.experiments.timed.cgroups import Cgroup
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.shell import Completed

CONTAINER = "db"
_START, _QUERY, _CHANGE = 90.0, 30.0, 45.0 + MOST


@dataclass(frozen=True)
class Server:
    """A Pod whose container ``db`` is a database."""

    settings: Settings
    api: Api
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"

    def pod(self) -> Object:
        """Read the Pod as it is; empty where there is none."""
        return self.api.get(self.path) or {}

    def started(self) -> Start:
        """Wait until it takes queries, or was killed, and return how the start went.

        Raises TimedOut, also where it said nothing at all, or its cgroup cannot be read.
        """
        logs: list[str] = []

        def look() -> tuple[bool, str]:
            killed = bool(looking.container(self.pod(), CONTAINER).get("state", {}).get("terminated"))
            logs.append(self._log())
            return READY in logs[-1] or (killed and bool(logs[-1])), (logs[-1].splitlines() or ["nothing said yet"])[-1]

        waiting.until(f"{self.name} to take queries", look, timeout=_START, interval=0.4)
        return Start(logs[-1], self._cgroup() if READY in logs[-1] else {}, between(logs[-1]))

    def _cgroup(self) -> dict[str, str]:
        found: dict[str, str] = {}

        def look() -> tuple[bool, str]:
            found.update(self.files())
            return bool(found), "not a file of it"

        waiting.until(f"the cgroup of {self.name} to be read", look, timeout=_QUERY)
        return found

    def _log(self) -> str:
        """Read what the container that runs now said, with times; empty while there is none."""
        try:
            return self.api.text(f"{self.path}/log", container=CONTAINER, timestamps="true")
        except client.ApiError:
            return ""

    def ask(self, sql: str) -> Answer:
        """Have the database's own client ask it, as root, which has no password here."""
        done = self._run("mysql", "--user=root", "--skip-column-names", f"--execute={sql}")
        return Answer(done.code == 0, (done.stdout or done.stderr).strip())

    def files(self) -> dict[str, str]:
        """Read its cgroup; empty where that did not work."""
        return cgroups.printed(self._run(*cgroups.PRINT).stdout)

    def _run(self, *words: str) -> Completed:
        where = ("exec", "--namespace", self.namespace, self.name, "--container", CONTAINER, "--")
        return client.kubectl(self.settings, *where, *words, timeout=_QUERY, check=False)

    def patch(self, subresource: str, resources: Object) -> None:
        """Change its resources, in the Pod or by ``/resize``; raises ApiError."""
        body = {"spec": {"containers": [{"name": CONTAINER, "resources": resources}]}}
        self.api.call("PATCH", f"{self.path}{subresource}", body, media=client.STRATEGIC)

    def held(self, resources: Object) -> dict[str, str]:
        """Wait until its cgroup holds what these resources become; return the files as they then are, or were last."""
        deadline = time.monotonic() + _CHANGE
        while True:
            files = self.files()
            found: Cgroup | None = cgroups.read(files) if files else None
            if found:
                wanted = cgroups.given(resources, found.version)
                if (found.given.memory, found.given.quota) == (wanted.memory, wanted.quota):
                    return files
            if time.monotonic() > deadline:
                return files
            time.sleep(0.3)

    def replace(self, made: Object) -> None:
        """Delete the Pod, wait until it is gone, and make another of its name; raises TimedOut."""
        self.api.delete(self.path, gracePeriodSeconds=1)
        waiting.until(f"{self.name} to be gone", lambda: (not self.pod(), "still ending"), timeout=_CHANGE)
        self.api.call("POST", self.path.rsplit("/", 1)[0], made)


def between(log: str) -> float | None:
    """Return the seconds from the first line of a log to the one that says it is ready; None where it never was."""
    lines = [line.split(" ", 1) for line in log.splitlines()]
    ready = next((at for at, text in lines if READY in text), None)
    return (_time(ready) - _time(lines[0][0])) if ready else None


def _time(text: str) -> float:
    """Read a log's time: RFC 3339, with nanoseconds, of which Python takes six digits."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}+00:00").timestamp()
