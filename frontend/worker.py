"""Gunicorn's gevent worker, which serves on for a while after SIGTERM."""

from __future__ import annotations

import contextlib
import select
import signal
import sys
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from frontend.context import context

STREAM_SECONDS = 2.0
"""Over how long the event streams are ended on SIGTERM: their browsers come back one by one."""


class LeavingWorker(GeventWorker):  # type: ignore[misc] # gunicorn ships no types
    """On SIGTERM: un-ready at once, `DRAIN_SECONDS` of service as before, then what is open is finished.

    A Pod leaves its Services some time after the signal, and requests come until then (Kubernetes documentation,
    "Pod Lifecycle", termination of Pods). While the application still loads, the end comes at once.
    """

    wsgi: Any = None

    def init_signals(self) -> None:
        """Take SIGTERM; the rest is gunicorn's."""
        super().init_signals()
        self.idle_seconds = self.cfg.keepalive
        signal.signal(signal.SIGTERM, lambda *_: self.told())

    def run(self) -> None:
        """Serve; the backend's name is looked up before the first request needs it."""
        gevent.spawn(self.warm)
        super().run()

    def warm(self) -> None:
        """Know the backend's name; that it fails is for a request to say."""
        with contextlib.suppress(OSError):
            context(self.wsgi).backend_client.resolve()

    def told(self) -> None:
        """Leave, in a greenlet as a handler must not wait; at once where nothing is loaded that could be busy."""
        if self.wsgi is None:
            sys.exit(0)
        gevent.spawn(self.leave)

    def leave(self) -> None:
        """Drain, empty the queue of accepted connections, and let gunicorn's own ending follow."""
        context(self.wsgi).lifecycle.drain()
        self.cfg.set("keepalive", 0)
        seconds = context(self.wsgi).config.drain_seconds
        streams = context(self.wsgi).event_streams
        ending = gevent.spawn(streams.end, min(STREAM_SECONDS, seconds / 2))
        gevent.sleep(seconds)
        ending.join()
        streams.close()
        with gevent.Timeout(1, False):  # noqa: FBT003 - gevent's way to say "without an error"
            while any(select.select(self.sockets, [], [], 0)):
                gevent.sleep(0)
        self.alive = False

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Answer one request; an event stream's connection is never used again, or it would lead back here."""
        if req.path.endswith("/events"):
            req.force_close()
        done = super().handle_request(listener_name, req, sock, addr)
        gevent.sleep(0)
        return done

    def timeout_ctx(self) -> Any:
        """Limit how long an open connection may idle; a connection opened before the drain keeps its limit."""
        return gevent.Timeout(self.idle_seconds, False)  # noqa: FBT003
