"""gunicorn's gevent worker, taught to leave without losing a request."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, cast

import gevent
from gevent.event import Event
from gunicorn.workers.ggevent import GeventWorker

from backend.lifecycle import Phase
from backend.listeners import Listeners

if TYPE_CHECKING:
    from backend.context import Context


class DrainingWorker(GeventWorker):  # type: ignore[misc] # gunicorn ships no types
    """SIGTERM: un-ready at once, DRAIN_SECONDS more of service, then the requests under way, then the end.

    Kubernetes sends SIGTERM while it takes the Pod out of the Services, so requests go on arriving for a while:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    SIGINT and SIGQUIT: the same without the wait. A second signal ends the wait.
    Either ends a worker that is still loading the application at once: there is nothing to finish.
    """

    wsgi: Any = None

    def init_signals(self) -> None:
        """Have what the signals need before they can come; gunicorn loads the application after this."""
        self.stopping = Event()
        super().init_signals()

    def run(self) -> None:
        """Serve until told to stop, then finish what was accepted."""
        self.idle_seconds = self.cfg.keepalive
        self.listeners = Listeners(self.sockets, self.handle, self.worker_connections)
        state = self._state()
        state.cluster_status.listeners = state.effects.listeners = self.listeners
        while not self.stopping.wait(timeout=1.0):
            self.notify()
        self.alive = False
        self.listeners.close()
        # The main process ends the wait when it lasts too long.
        while not self.listeners.finished(seconds=1.0):
            self.notify()

    def _state(self) -> Context:
        return cast("Context", self.wsgi.extensions["backend"])

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request, then let the other connections have their turn: a busy one would keep them waiting."""
        done = super().handle_request(listener_name, req, sock, addr)
        gevent.sleep(0)
        return done

    def handle_exit(self, sig: int, frame: object) -> None:
        """Take SIGTERM."""
        _ = sig, frame
        self._drain(at_once=False)

    def handle_quit(self, sig: int, frame: object) -> None:
        """Take SIGINT and SIGQUIT."""
        _ = sig, frame
        self._drain(at_once=True)

    def handle_abort(self, sig: int, frame: object) -> None:
        """Take SIGABRT, which the main process sends when it has not heard from this one for `timeout`: end at once.

        The SystemExit that gunicorn would raise here ends nothing but the greenlet that it meets.
        """
        _ = frame
        os._exit(128 + sig)

    def _drain(self, *, at_once: bool) -> None:
        if self.wsgi is None:
            sys.exit(0)
        state = self._state()
        again = state.lifecycle.phase is Phase.DRAINING
        state.lifecycle.drain()
        # From now on each answer says `Connection: close`, so that clients come back through another Pod.
        self.cfg.set("keepalive", 0)
        gevent.spawn_later(0 if again or at_once else state.settings.drain_seconds, self.stopping.set)

    def timeout_ctx(self) -> gevent.Timeout:
        """Return the time limit of a connection that is kept open; draining does not shorten it."""
        return gevent.Timeout(self.idle_seconds, False)  # noqa: FBT003 - gevent's way to say "silently"
