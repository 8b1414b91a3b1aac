"""gunicorn's gevent worker, taught to leave without losing a request."""

from __future__ import annotations

import select
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from backend.lifecycle import Phase
from backend.listening import stop_newcomers

if TYPE_CHECKING:
    from backend.state import State

ROUND_TRIP = 0.2
"""Seconds that a connection may need from its first packet to be there to be accepted."""


class DrainingWorker(GeventWorker):  # type: ignore[misc] # gunicorn ships no types
    """SIGTERM: un-ready at once, DRAIN_SECONDS more of service, then the requests under way, then the end.

    Kubernetes sends SIGTERM while it takes the Pod out of the Services, so requests go on arriving for a while:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    SIGINT and SIGQUIT: the same without the wait. A second signal ends the wait.
    """

    def run(self) -> None:
        """Serve until told to stop, then finish what was accepted."""
        self.stopping = Event()
        self.idle_seconds = self.cfg.keepalive
        servers = [self._serve(sock) for sock in self.sockets]
        while not self.stopping.wait(timeout=1.0):
            self.notify()
        self.alive = False
        for server in servers:
            _close(server)
        self._finish(servers)

    def _serve(self, sock: Any) -> StreamServer:
        sock.setblocking(1)
        server = StreamServer(sock, handle=partial(self.handle, sock), spawn=Pool(self.worker_connections))
        server.start()
        return server

    def _finish(self, servers: list[StreamServer]) -> None:
        """Wait for the requests under way; the main process ends the wait when it lasts too long."""
        while not all(server.pool.join(timeout=1.0) for server in servers):
            self.notify()

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request, then let the other connections have their turn: a busy one would keep them waiting."""
        done = super().handle_request(listener_name, req, sock, addr)
        gevent.sleep(0)
        return done

    def handle_exit(self, sig: int, frame: object) -> None:
        """Take SIGTERM."""
        _ = sig, frame
        self._drain(self._application().settings.drain_seconds)

    def handle_quit(self, sig: int, frame: object) -> None:
        """Take SIGINT and SIGQUIT."""
        _ = sig, frame
        self._drain(0)

    def _application(self) -> State:
        return cast("State", self.wsgi.extensions["backend"])

    def _drain(self, seconds: float) -> None:
        lifecycle = self._application().lifecycle
        again = lifecycle.phase is Phase.DRAINING
        lifecycle.drain()
        # From now on each answer says `Connection: close`, so that clients come back through another Pod.
        self.cfg.set("keepalive", 0)
        gevent.spawn_later(0 if again else seconds, self.stopping.set)

    def timeout_ctx(self) -> gevent.Timeout:
        """Return the time limit of a connection that is kept open; draining does not shorten it."""
        return gevent.Timeout(self.idle_seconds, False)  # noqa: FBT003 - gevent's way to say "silently"


def _close(server: StreamServer) -> None:
    """Accept what has connected, then close."""
    stop_newcomers(server.socket)
    gevent.sleep(ROUND_TRIP)
    with gevent.Timeout(1.0, False):  # noqa: FBT003
        while select.select([server.socket], [], [], 0)[0]:
            gevent.sleep(0)
    server.close()
