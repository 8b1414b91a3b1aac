"""One database on the cluster: waits for it, queries it, reads its cgroup, changes its resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lab import waiting
from lab.errors import CommandFailed, LabError
from lab.experiments.timed import cgroups
from lab.experiments.timed.actions import Context
from lab.experiments.timed.load_generator import cgroup_version
from lab.kubernetes import client
from lab.kubernetes.objects import Object
from lab.kubernetes.pod_status import container_status, terminated

CONTAINER = "db"
READY = "ready for connections"
STANDS_IN = "standing in for MySQL"
"""What the lab's MariaDB says in its first line."""
_NO_TABLE = ("ERROR 1146 ", "ERROR 1049 ")
"""No such table, no such database: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html"""
_QUERY = 30.0


@dataclass(frozen=True)
class Answer:
    """What the database's client ended with."""

    ok: bool
    text: str

    @property
    def outcome(self) -> str:
        return "answers" if self.ok else self.text[:80]

    @property
    def table_exists(self) -> str:
        """Tell whether the table is there: no where the server knows none, else the client's own words."""
        if self.ok:
            return "yes"
        return "no" if any(error in self.text for error in _NO_TABLE) else self.text[:80]


@dataclass(frozen=True)
class Start:
    """A start: its log with times, and the cgroup's files once it took queries."""

    log: str
    files: Mapping[str, str]

    def __str__(self) -> str:
        """Return the last line of the log."""
        return "\n".join(self.log.splitlines()[-1:])

    @property
    def is_ready(self) -> bool:
        return READY in self.log

    @property
    def seconds(self) -> float | None:
        """The seconds from the first line of the log to the one that says it is ready; None where it never was."""
        lines = self.log.splitlines()
        ready = next((line for line in lines if READY in line), None)
        if ready is None:
            return None
        began, ended = (datetime.fromisoformat(line.split(" ")[0]) for line in (lines[0], ready))
        return (ended - began).total_seconds()


@dataclass(frozen=True)
class Database:
    """A Pod whose container ``db`` is a database."""

    context: Context
    pod: str

    @property
    def _path(self) -> str:
        return self.context.pod_path(self.pod)

    def wait_until_started(self, timeout: float = 90.0) -> Start:
        """Wait until it takes queries and its cgroup can be read, or it was killed; return how the start went.

        Raises TimedOut, also where it was killed and logged nothing at all.
        """

        def poll() -> tuple[bool, Start]:
            killed = terminated(container_status(self.context.api.get(self._path) or {}, CONTAINER))
            log = self._log()
            start = Start(log, self.read_files() if READY in log else {})
            return bool(start.files or (killed and log and not start.is_ready)), start

        return waiting.until(f"{self.pod} to take queries", poll, timeout=timeout, interval=0.4)

    def _log(self) -> str:
        """Read the log of the container that runs now, with times; empty while there is none."""
        try:
            return self.context.api.text(f"{self._path}/log", container=CONTAINER, timestamps="true")
        except client.ApiError:
            return ""

    def query(self, sql: str) -> Answer:
        """Have the database's own client send a query, as root, which has no password here."""
        return self._run("mysql", "--user=root", "--skip-column-names", f"--execute={sql}")

    def read_files(self) -> Mapping[str, str]:
        """Read its cgroup; empty where that did not work."""
        printed = self._run(*cgroups.print_command(cgroup_version(self.context)))
        return cgroups.parse_printed(printed.text) if printed.ok else {}

    def _run(self, *command: str) -> Answer:
        try:
            output = self.context.exec.run(self.context.container(self.pod, CONTAINER), command, timeout=_QUERY)
        except CommandFailed as error:
            return Answer(ok=False, text=error.output.strip() or error.what)
        except LabError as error:  # the container was killed meanwhile
            return Answer(ok=False, text=error.what)
        return Answer(ok=True, text=output.strip())

    def patch(self, subresource: str, resources: Object) -> None:
        """Change its resources, in the Pod or by ``/resize``; raises ApiError."""
        body = {"spec": {"containers": [{"name": CONTAINER, "resources": resources}]}}
        self.context.api.call("PATCH", f"{self._path}{subresource}", body, media=client.STRATEGIC)
