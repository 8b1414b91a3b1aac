"""The API of the lab's own cluster as plain JSON, and kubectl for it.

Requests go through the official client's ApiClient; its typed models, slow to import, stay out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lab import host, shell
from lab.config import PROGRAMS
from lab.errors import LabError
from lab.kubernetes.access import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kubernetes.client import ApiClient, Configuration
    from urllib3 import BaseHTTPResponse

    from lab.config import Settings
    from lab.kubernetes.objects import Object

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
MANAGER = "lab"
STRICT = {"fieldValidation": "Strict"}
"""Unknown fields are refused, as kubectl has it. https://kubernetes.io/docs/reference/using-api/api-concepts/"""
_WARNING = r'299 \S+ "((?:[^"\\]|\\.)*)"'
"""A warning's header: a code, who warns, and the text. https://www.rfc-editor.org/rfc/rfc7234#section-5.5"""
_NOT_FOUND = 404
_BAD_REQUEST = 400


class ApiError(LabError):
    """The API server refused: its ``code`` (HTTP), ``reason``, ``message`` and ``causes``, as in its Status object."""

    def __init__(self, code: int, reason: str, message: str, causes: Sequence[Mapping[str, str]] = ()) -> None:
        self.code, self.reason, self.message, self.causes = code, reason, message, tuple(causes)
        super().__init__(f"the API server answered {code} {reason}: {message}")


def kubectl_program(folder: Path = PROGRAMS) -> str:
    """Name the kubectl to run: the one in ``folder`` where there is one, as it fits the cluster; else PATH's."""
    own = folder / "kubectl"
    program = str(own) if own.exists() else shutil.which("kubectl")
    if not program:
        raise LabError("there is no kubectl on this machine", "`make kind-up` brings one that fits")
    if host.is_windows_program(Path(program)):
        raise LabError(f"{program} is Windows' kubectl, with another kubeconfig", "`make kind-up` brings one that fits")
    return program


def kubectl_command(settings: Settings, *args: str) -> list[str]:
    """Return the argument list of a kubectl that can only reach the lab's cluster; raises Refused as ``connect``."""
    connect(settings)
    program = kubectl_program(settings.programs)
    kubeconfig = os.pathsep.join(map(str, settings.kubeconfigs))
    return ["env", f"KUBECONFIG={kubeconfig}", program, "--context", settings.context, *args]


def kubectl(
    settings: Settings, *args: str, timeout: float = 30, check: bool = True, stdin: str | None = None
) -> shell.Completed:
    """Run kubectl on the lab's cluster to its end; raises Refused, CommandFailed or TimedOut."""
    return shell.run(kubectl_command(settings, *args), timeout=timeout, check=check, stdin=stdin)


class Api:
    """The cluster's API: what comes out is what ``kubectl get -o json`` prints. Safe across threads."""

    def __init__(self, client: ApiClient, timeout: float = 10, warnings: list[str] | None = None) -> None:
        """Send through this client; ``timeout`` is in seconds for each request, ``warnings`` gets the server's."""
        self._client, self._timeout, self._warnings = client, timeout, warnings

    def within(self, seconds: float) -> Api:
        """Return the same API with another time-out for each request."""
        return Api(self._client, seconds, self._warnings)

    def noting(self, warnings: list[str]) -> Api:
        """Return the same API, which adds the server's warnings to this list."""
        return Api(self._client, self._timeout, warnings)

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

        ``media`` is the type of the body, of the answer for a GET. Raises ApiError for a refusal, LabError where
        nothing answers.
        """
        data = self._send(method, path, body, media, query or {})
        return json.loads(data) if data else None

    def get(self, path: str) -> Object | None:
        """Read one object; None where it does not exist."""
        try:
            item: Object = self.call("GET", path)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        return item

    def items(self, path: str, **query: str | int) -> list[Object]:
        """List objects; the query is ``labelSelector`` or ``fieldSelector``."""
        items: list[Object] = self.call("GET", path, query=query).get("items") or []
        return items

    def text(self, path: str, **query: str | int) -> str:
        return self._send("GET", path, None, "", query).decode(errors="replace")

    def watch(self, path: str, seconds: int) -> BaseHTTPResponse:
        """Open a watch: each line of it is an event, ``{"type", "object"}``; the server ends it after so many seconds.

        Its ``shutdown`` ends it from another thread. Raises ApiError for a refusal, LabError where nothing answers.
        https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
        """
        query = urlencode({"watch": "true", "timeoutSeconds": seconds})
        with self._connection_errors() as server:
            url = f"{server}{path}?{query}"
            answer = self._client.call_api("GET", url, {}, None, None, (self._timeout, seconds + self._timeout))
            if answer.status >= _BAD_REQUEST:
                raise _api_error(answer.status, answer.read())
        response: BaseHTTPResponse = answer.response
        return response

    def apply(self, path: str, body: Object, **query: str) -> Object:
        """Server-side apply as field manager ``lab``: fields that somebody else changed become what ``body`` says."""
        query = {"fieldManager": MANAGER, "force": "true", **STRICT, **query}
        applied: Object = self.call("PATCH", path, body, media=APPLY, query=query)
        return applied

    def create(self, collection: str, body: Object, **query: str) -> Object:
        """Create an object; ``dryRun="All"`` only asks whether it would be."""
        query = {"fieldManager": MANAGER, **STRICT, **query}
        created: Object = self.call("POST", collection, body, query=query)
        return created

    def delete(self, path: str, **query: str | int) -> bool:
        """Request the deletion of an object; tells whether it existed. ``gracePeriodSeconds`` may be given."""
        try:
            self.call("DELETE", path, query=query)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return False
            raise
        return True

    def _send(self, method: str, path: str, body: Any, media: str, query: Mapping[str, str | int]) -> bytes:
        payload = body if media.endswith("json") or body is None else json.dumps(body)
        headers = {"Accept" if method == "GET" else "Content-Type": media} if media else {}
        with self._connection_errors() as server:
            url = f"{server}{path}" + (f"?{urlencode(query)}" if query else "")
            answer = self._client.call_api(method, url, headers, payload, None, self._timeout)
            data: bytes = answer.read()
        if self._warnings is not None:
            warnings = re.findall(_WARNING, ", ".join(answer.response.headers.getlist("Warning")))
            self._warnings += [re.sub(r"\\(.)", r"\1", warning) for warning in warnings]
        if answer.status >= _BAD_REQUEST:
            raise _api_error(answer.status, data)
        return data

    @contextlib.contextmanager
    def _connection_errors(self) -> Iterator[str]:
        """Yield the API server's address; a connection that fails is a LabError."""
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
    """Return what went wrong, without what the library puts around it."""
    text = str(getattr(error, "reason", "") or error)
    text = re.sub(r"HTTPS?Connection(Pool)?\([^)]*\): ", "", " ".join(text.split()))
    return re.sub(r"(\d+\.\d)\d+", r"\1", text)


def _api_error(code: int, data: bytes) -> ApiError:
    try:
        status = json.loads(data)
    except ValueError:  # of a path that the server does not have it says so in plain text
        status = {}
    message = status.get("message") or data.decode(errors="replace")[:300]
    return ApiError(code, status.get("reason", ""), message, (status.get("details") or {}).get("causes") or ())


def configuration(settings: Settings) -> Configuration:
    """Return the client's configuration for the lab's cluster; raises Refused as ``connect``."""
    access = connect(settings)
    from kubernetes.client import Configuration  # noqa: PLC0415 - a quarter of a second, which `--help` has not
    from kubernetes.config import load_kube_config_from_dict  # noqa: PLC0415 - the same

    loaded = Configuration(host=access.server, retries=False, no_proxy="*")
    load_kube_config_from_dict(access.kubeconfig, access.context, loaded, persist_config=False)
    return loaded


def api(settings: Settings) -> Api:
    """Connect and return the API; raises Refused as ``connect``."""
    loaded = configuration(settings)
    from kubernetes.client import ApiClient  # noqa: PLC0415 - not on the way to `lab --help`

    return Api(ApiClient(loaded))
