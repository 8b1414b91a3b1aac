"""Run a command in a container as ``kubectl exec`` does, in this process: 6 ms of CPU each, where kubectl takes 100."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import yaml

from lab.errors import CommandFailed, LabError, TimedOut
from lab.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernetes.client import Configuration

    from lab.config import Settings
    from lab.experiments.model.cluster import Vantage

_OUT, _ERR, _STATUS = 1, 2, 3


class Inside:
    """The way into containers of the lab's cluster; safe across threads, as each call has its own connection."""

    def __init__(self, settings: Settings) -> None:
        """Read where the cluster is; raises Refused as ``kube.connect``."""
        access = client.connect(settings)
        from kubernetes.client import Configuration  # noqa: PLC0415 - not on the way to `lab --help`
        from kubernetes.config import load_kube_config  # noqa: PLC0415 - the same

        self._open: Configuration = Configuration(host=access.server, no_proxy="*")
        load_kube_config(str(access.kubeconfig), access.context, self._open, persist_config=False)

    def run(self, vantage: Vantage, argv: Sequence[str], timeout: float) -> str:
        """Run a command in the vantage's container and return its output.

        Raises CommandFailed for an exit code other than 0, TimedOut after ``timeout`` seconds, LabError where there is
        no such container, or it does not run.
        """
        import websocket  # noqa: PLC0415 - not on the way to `lab --help`

        websocket.setdefaulttimeout(timeout)  # of the handshake: the client has no word for it
        try:
            return self._said(vantage, argv, timeout)
        except (websocket.WebSocketException, OSError) as error:
            raise LabError(f"{place(vantage)} cannot be entered: {_refusal(str(error))}") from error

    def _said(self, vantage: Vantage, argv: Sequence[str], timeout: float) -> str:
        from kubernetes.stream.ws_client import WSClient  # noqa: PLC0415 - not on the way to `lab --help`

        query = [*(("command", word) for word in argv), ("container", vantage.container), ("stdout", 1), ("stderr", 1)]
        server = self._open.host.replace("https://", "wss://", 1)
        path = f"/api/v1/namespaces/{vantage.namespace}/pods/{vantage.pod}/exec"
        socket = WSClient(self._open, f"{server}{path}?{urlencode(query)}", {}, capture_all=False)
        try:
            socket.run_forever(timeout=timeout)
            if socket.is_open():
                raise TimedOut(f"a command in {place(vantage)}", timeout, socket.read_channel(_ERR))
            said, errors = socket.read_channel(_OUT), socket.read_channel(_ERR)
            ended(vantage, argv, socket.read_channel(_STATUS), errors or said)
        finally:
            socket.close()
            socket.sock.shutdown()  # the client leaves its socket open where the server was the first to close
        return str(said)


def _refusal(said: str) -> str:
    """Return the API server's own message, where there is one in what the handshake came to."""
    found = re.search(r'"message":"((?:[^"\\]|\\.)*)"', said)
    return found[1].replace('\\"', '"') if found else " ".join(said.split())[:300]


def ended(vantage: Vantage, argv: Sequence[str], status: str, said: str) -> None:
    """Raise unless the Status object, the last word of the API server on an exec, says that all went well."""
    found = yaml.safe_load(status or "{}") or {}
    if found.get("status") == "Success":
        return
    causes = found.get("details", {}).get("causes", [])
    code = next((int(one["message"]) for one in causes if one.get("reason") == "ExitCode"), None)
    if code is None:
        raise LabError(f"{place(vantage)} cannot be entered: {found.get('message') or 'the connection ended'}")
    raise CommandFailed([place(vantage), *argv[:2]], code, said)


def place(vantage: Vantage) -> str:
    """Name a vantage's container as people do."""
    return f"{vantage.namespace}/{vantage.pod}, container {vantage.container}"
