"""gunicorn's gevent worker, which ends without losing a request."""

import os
import sys
from typing import Any

import gevent
from gevent.event import Event
from gunicorn.workers.ggevent import GeventWorker

from service_runtime.lifecycle import Lifecycle
from service_runtime.listeners import Listeners


class DrainingWorker(GeventWorker):  # type: ignore[misc] # gunicorn ships no types
    """SIGTERM: un-ready at once, DRAIN_SECONDS more of service, then the requests under way, then the end.

    Kubernetes sends SIGTERM while it takes the Pod out of the Services, so requests go on arriving for a while:
    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    SIGINT and SIGQUIT: the same without the wait. A second signal ends the wait.
    Any of them ends a worker that is still loading the application at once: there is nothing to finish.

    The application's `Lifecycle` is `extensions["lifecycle"]`.
    """

    wsgi: Any = None

    def init_signals(self) -> None:
        """Have what the signals need before they can come; gunicorn loads the application after this."""
        self.stopping = Event()
        super().init_signals()

    @property
    def lifecycle(self) -> Lifecycle:
        lifecycle: Lifecycle = self.wsgi.extensions["lifecycle"]
        return lifecycle

    def run(self) -> None:
        self.idle_seconds = self.cfg.keepalive
        lifecycle = self.lifecycle
        listeners = lifecycle.listeners = Listeners(self.sockets, self.handle, self.worker_connections)
        for callback in lifecycle.on_start:
            callback()
        while not self.stopping.wait(timeout=1.0):
            self.notify()
        for callback in lifecycle.on_stop:
            callback()
        self.alive = False
        listeners.close()
        # The main process ends the wait when it lasts too long.
        while not listeners.finished(seconds=1.0):
            self.notify()

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request, then let the other connections have their turn: a busy one would keep them waiting.

        An event stream's connection is not used again: its headers may have promised so before a drain began.
        """
        if req.path.endswith("/events"):
            req.force_close()
        done = super().handle_request(listener_name, req, sock, addr)
        gevent.sleep(0)
        return done

    def handle_exit(self, *_signal: object) -> None:
        """Take SIGTERM."""
        self._drain(self.lifecycle.drain_seconds if self.wsgi else 0)

    def handle_quit(self, *_signal: object) -> None:
        """Take SIGINT and SIGQUIT."""
        self._drain(0)

    def handle_abort(self, sig: int, _frame: object) -> None:
        """Take SIGABRT, which the main process sends when it has not heard from this one for `timeout`: end at once.

        The SystemExit that gunicorn would raise here ends nothing but the greenlet that it meets.
        """
        os._exit(128 + sig)

    def _drain(self, seconds: float) -> None:
        if self.wsgi is None:
            sys.exit(0)
        lifecycle = self.lifecycle
        if lifecycle.draining:
            seconds = 0
        else:
            lifecycle.drain()
            for callback in lifecycle.on_drain:
                gevent.spawn(callback)
        # From now on each answer says `Connection: close`, so that clients come back through another Pod.
        self.cfg.set("keepalive", 0)
        gevent.spawn_later(seconds, self.stopping.set)

    def timeout_ctx(self) -> gevent.Timeout:
        """Return the time limit of a connection that is kept open; draining does not shorten it."""
        return gevent.Timeout(self.idle_seconds, False)  # noqa: FBT003 - gevent's way to say "silently"
