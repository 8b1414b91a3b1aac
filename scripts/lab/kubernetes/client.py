"""The way to the cluster, and to no other: a kind context on this machine's loopback, or nothing is sent.

Reads and writes go through the official client's ApiClient as plain JSON, which is what causes are read from; its typed
models, slow to import, stay out. kubectl does what streams: exec and port-forward.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from lab import shell
from lab.config import BESIDE
from lab.errors import BadInput, LabError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse

    from lab.config import Settings

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
MANAGER = "lab"
_NOT_FOUND = 404


class ApiError(LabError):
    """The API server said no: its ``code`` (HTTP), ``reason`` and ``message``, as in its Status object."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        """Keep the three apart, so that a cause can be read from them."""
        self.code, self.reason, self.message = code, reason, message
        super().__init__(f"the API server answered {code} {reason}: {message}")


@dataclass(frozen=True)
class Access:
    """Where the cluster answers and what opens it, as kind wrote it into the kubeconfig."""

    context: str
    kubeconfig: Path
    server: str


def connect(settings: Settings) -> Access:
    """Find the lab's own cluster in the kubeconfig; the current context is never looked at.

    Raises Refused, before anything is sent, unless the context is kind's, is there, has kind's own kind of
    certificates, and its server is on loopback without a proxy.
    """
    if not settings.kubeconfig.exists():
        raise Refused(f"there is no kubeconfig {settings.kubeconfig}", "`make kind-up` brings a cluster up")
    entries = read(settings.kubeconfig)
    context = _named(entries, "context", settings.context, settings)
    cluster = _named(entries, "cluster", str(context.get("cluster")), settings)
    user = _named(entries, "user", str(context.get("user")), settings)
    _loopback_only(settings, cluster)
    for entry, key in ((cluster, "certificate-authority-data"), (user, "client-certificate-data")):
        if not isinstance(entry.get(key), str):
            raise Refused(
                f"context {settings.context} has no {key}: it was not written by kind", "`make kind-up` writes it anew"
            )
    return Access(settings.context, settings.kubeconfig, cluster["server"])


def read(kubeconfig: Path) -> dict[str, Any]:
    """Read a kubeconfig; an absent one is empty. Raises BadInput where it is none, or cannot be read."""
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(kubeconfig.read_text(), Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _no_kubeconfig(kubeconfig, str(error).splitlines()[0]) from None
    if found is not None and not _is_sound(found):
        raise _no_kubeconfig(kubeconfig, "its clusters, users and contexts are not lists of named entries")
    return found or {}


def _is_sound(found: object) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("current-context") or "", str):
        return False
    lists = [(key, found.get(key) or []) for key in ("clusters", "users", "contexts")]
    return all(
        isinstance(entries, list)
        and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in entries)
        and all(isinstance(one.get(key[:-1]) or {}, dict) for one in entries)
        for key, entries in lists
    )


def _no_kubeconfig(path: Path, why: str) -> BadInput:
    return BadInput(f"{path} is no kubeconfig: {why}", "mend it, move it away, or set KUBECONFIG to another")


def _named(entries: dict[str, Any], kind: str, name: str, settings: Settings) -> dict[str, Any]:
    for entry in entries.get(f"{kind}s") or []:
        if entry["name"] == name:
            found: dict[str, Any] = entry.get(kind) or {}
            return found
    raise Refused(
        f"{settings.kubeconfig} has no {kind} {name}: cluster {settings.cluster} is not there",
        f"bring it up: LAB_CLUSTER={settings.cluster} make kind-up",
    )


def _loopback_only(settings: Settings, cluster: Mapping[str, Any]) -> None:
    server = str(cluster.get("server", ""))
    if not _is_loopback(server) or cluster.get("proxy-url"):
        raise Refused(
            f"context {settings.context} leads to {server or 'nowhere'}, which is not a kind cluster on this machine",
            "the lab acts on its own clusters only: nothing was sent",
        )


def _is_loopback(server: str) -> bool:
    try:
        host = urlsplit(server).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def program(folder: Path = BESIDE) -> str:
    """Name the kubectl to run: the one beside the lab where there is one, as it fits the cluster; else PATH's.

    ``folder`` is where the one is that fits a cluster, its settings' ``beside``.
    """
    beside = folder / "kubectl"
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if not found:
        raise LabError("there is no kubectl on this machine", "`make doctor` names what is missing")
    return found


def command(settings: Settings, *words: str) -> list[str]:
    """Return the argument list of a kubectl that can only reach the lab's cluster; raises Refused as ``connect``."""
    connect(settings)
    return [program(settings.beside), "--kubeconfig", str(settings.kubeconfig), "--context", settings.context, *words]


def kubectl(
    settings: Settings, *words: str, timeout: float = 30, check: bool = True, stdin: str | None = None
) -> shell.Completed:
    """Run kubectl on the lab's cluster to its end; raises Refused, CommandFailed or TimedOut."""
    return shell.run(command(settings, *words), timeout=timeout, check=check, stdin=stdin)


class Api:
    """The cluster's API as plain JSON: what comes out is what ``kubectl get -o json`` prints. Safe across threads."""

    def __init__(self, client: ApiClient, timeout: float = 10) -> None:
        """Ask through this client; ``timeout`` is in seconds for each request."""
        self._client, self._timeout = client, timeout

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media: str = "application/json",
        query: Mapping[str, str | int] | None = None,
    ) -> Any:
        """Send one request and return its JSON, None for an answer without a body.

        Raises ApiError for a refusal, LabError where nothing answers.
        """
        data = self._send(method, path, body, media, query or {})
        return json.loads(data) if data else None

    def get(self, path: str) -> dict[str, Any] | None:
        """Read one object; None where there is none."""
        try:
            found: dict[str, Any] = self.call("GET", path)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        return found

    def items(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """List objects; the query is ``labelSelector`` or ``fieldSelector``."""
        found: list[dict[str, Any]] = self.call("GET", path, query=query).get("items") or []
        return found

    def text(self, path: str, **query: str | int) -> str:
        """Read plain text, such as a log."""
        return self._send("GET", path, None, "", query).decode(errors="replace")

    def watch(self, path: str, seconds: int) -> BaseHTTPResponse:
        """Open a watch: each line of it is an event, ``{"type", "object"}``; the server ends it after so many seconds.

        Its ``shutdown`` ends it from another thread. Raises ApiError for a refusal, LabError where nothing answers.
        https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
        """
        query = urlencode({"watch": "true", "timeoutSeconds": seconds})
        with self._heard() as server:
            url = f"{server}{path}?{query}"
            answer = self._client.call_api("GET", url, {}, None, None, (self._timeout, seconds + self._timeout))
            if answer.status >= 400:  # noqa: PLR2004 - HTTP's own border
                raise _refusal(answer.status, answer.read())
        opened: BaseHTTPResponse = answer.response
        return opened

    def apply(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Server-side apply in the lab's name: fields that somebody else changed come back to what ``body`` says."""
        done: dict[str, Any] = self.call(
            "PATCH", path, body, media=APPLY, query={"fieldManager": MANAGER, "force": "true"}
        )
        return done

    def delete(self, path: str, **query: str | int) -> bool:
        """Ask for an object's end; tells whether it was there. ``gracePeriodSeconds`` may be given."""
        try:
            self.call("DELETE", path, query=query)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return False
            raise
        return True

    def _send(self, method: str, path: str, body: Any, media: str, query: Mapping[str, str | int]) -> bytes:
        payload = body if media.endswith("json") or body is None else json.dumps(body)
        with self._heard() as server:
            url = f"{server}{path}" + (f"?{urlencode(query)}" if query else "")
            answer = self._client.call_api(method, url, {"Content-Type": media}, payload, None, self._timeout)
            data: bytes = answer.read()
        if answer.status >= 400:  # noqa: PLR2004 - HTTP's own border
            raise _refusal(answer.status, data)
        return data

    @contextlib.contextmanager
    def _heard(self) -> Iterator[str]:
        """Yield where the API server is; what goes wrong on the way to it is said in one way."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - not on the way to `lab --help`
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - the same

        server: str = self._client.configuration.host
        try:
            yield server
        except (HTTPError, ApiException) as error:  # the client makes an ApiException of a broken TLS handshake
            raise LabError(
                f"the cluster's API server at {server} does not answer: {_brief(error)}",
                "`make kind-up` brings it back, whatever happened to it",
            ) from error


def _brief(error: Exception) -> str:
    """Say what went wrong without what the library puts around it."""
    said = str(getattr(error, "reason", "") or error)
    said = re.sub(r"HTTPS?Connection(Pool)?\([^)]*\): ", "", " ".join(said.split()))
    return re.sub(r"(\d+\.\d)\d+", r"\1", said)


def _refusal(code: int, data: bytes) -> ApiError:
    try:
        status = json.loads(data)
    except ValueError:
        status = {}
    if not isinstance(status, dict):
        status = {}
    return ApiError(code, status.get("reason", ""), status.get("message") or data.decode(errors="replace")[:300])


def api(settings: Settings) -> Api:
    """Connect and return the API; raises Refused as ``connect``."""
    access = connect(settings)
    from kubernetes.client import Configuration  # noqa: PLC0415 - a quarter of a second, which `--help` has not
    from kubernetes.config import new_client_from_config  # noqa: PLC0415 - the same

    return Api(
        new_client_from_config(
            str(access.kubeconfig),
            access.context,
            persist_config=False,
            client_configuration=Configuration(host=access.server, retries=False, no_proxy="*"),
        )
    )
