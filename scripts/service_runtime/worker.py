"""gunicorn's gevent worker, which ends without losing a request."""

import io
import os
import sys
from datetime import datetime
from typing import Any

import gevent
from gevent.event import Event
from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser
from gunicorn.workers.ggevent import GeventWorker

from service_runtime import http_errors
from service_runtime.connections import BODY_BYTES, WRITE_SECONDS, Connection, Connections, RequestUnreader
from service_runtime.http_errors import BODY_TOO_LARGE, TOO_MANY, Refused
from service_runtime.lifecycle import Lifecycle
from service_runtime.listeners import Listeners
from service_runtime.probes import PATHS

FRAMING = ("CONTENT-LENGTH", "TRANSFER-ENCODING")


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
        lifecycle, self.connections = self.lifecycle, Connections(self.worker_connections)
        listeners = lifecycle.listeners = Listeners(self.sockets, self.handle)
        for callback in lifecycle.on_start:
            callback()
        while not self.stopping.wait(timeout=1.0):
            self._watch()
        for callback in lifecycle.on_stop:
            callback()
        self.alive = False
        listeners.close()
        self.connections.stopping = True
        # The main process ends the wait when it lasts too long.
        while not listeners.finished(seconds=0.25):
            self._watch()

    def _watch(self) -> None:
        self.notify()
        self.connections.expire()

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve one connection to its end."""
        client.settimeout(WRITE_SECONDS)
        connection = self.connections.open(client)
        parser = RequestParser(self.cfg, client, address)
        reader = parser.unreader = RequestUnreader(connection, self.connections)
        try:
            while self._serve(listener, parser, connection, address):
                # The other connections have their turn: a busy one would keep them waiting.
                gevent.sleep(0)
                self.connections.wait(connection)
        except (OSError, StopIteration) as error:
            self.log.debug("connection ended: %s", error)
            if connection.refused:
                self._refuse(client, reader, connection.refused)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            self.connections.wait(connection)
            self._refuse(client, reader, error)
        finally:
            self.connections.close(connection)
            util.close(client)

    def _serve(self, listener: Any, parser: Any, connection: Connection, address: Any) -> bool:
        """Answer one request; tell whether the connection is used again. Raises StopIteration when none comes."""
        request = next(parser)
        self._read_body(request, connection)
        self.connections.answer(connection)
        if self.connections.is_full and request.path not in PATHS:
            raise Refused(TOO_MANY)
        began, streams = datetime.now(), request.path.endswith("/events")  # noqa: DTZ005 - as gunicorn's log takes it
        response, environ = wsgi.create(request, connection.sock, address, listener.getsockname(), self.cfg)
        environ["wsgi.multithread"] = True
        # An event stream's connection is not used again: its headers may have promised so before a drain began.
        if streams or not self.cfg.keepalive:
            response.force_close()
        if streams:
            request.headers, parser.unreader.head = [], b""
            parser.unreader.take_buffered()
        return self._answer(request, response, environ, began)

    def _read_body(self, request: Any, connection: Connection) -> None:
        """Put the whole body into the place of its reader: the application never waits for a client."""
        reader = request.body.reader
        length = reader.length if isinstance(reader, LengthReader) else None
        if length == 0:
            return
        if length and length > BODY_BYTES:
            raise Refused(BODY_TOO_LARGE)
        self.connections.wait_for_body(connection)
        if request._expected_100_continue:  # noqa: SLF001 - gunicorn would say so later
            connection.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request._expected_100_continue = False  # noqa: SLF001
        body = request.body.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise Refused(BODY_TOO_LARGE)
        if length and len(body) < length:
            raise NoMoreData
        request.body = io.BytesIO(body)
        request.headers = [header for header in request.headers if header[0] not in FRAMING]
        request.headers.append(("CONTENT-LENGTH", str(len(body))))

    def _answer(self, request: Any, response: Any, environ: dict[str, Any], began: datetime) -> bool:
        body: Any = ()
        try:
            body = self.wsgi(environ, response.start_response)
            for part in body:
                response.write(part)
            response.close()
        except OSError:
            raise
        except Exception:
            self.log.exception("request failed")
            if not response.headers_sent:
                raise
            return False
        finally:
            if response.status:
                self.log.access(response, request, environ, datetime.now() - began)  # noqa: DTZ005
            if hasattr(body, "close"):
                body.close()
        return not response.should_close()

    def _refuse(self, client: Any, reader: RequestUnreader, error: Exception) -> None:
        """Answer a request that the application never saw, unless it is to be silent."""
        status, detail = http_errors.status_of(error), str(error)
        if isinstance(error, Refused) and error.silent:
            return
        request_id = os.urandom(16).hex()
        fields = {"status": status, "reason": detail[: http_errors.MOST_OF_DETAIL], "request_id": request_id}
        self.log.warning("request refused", extra={"fields": fields})
        as_page = b"text/html" in reader.head
        http_errors.send_last(client, http_errors.payload(status, detail, request_id, as_page=as_page))

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
