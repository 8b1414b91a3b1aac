"""The HTTP response that carries an event stream."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Response

from backend.roulette.streams import Stream


class EventResponse(Response):
    """Hands its stream to the server and is freed together with the request; without a stream, headers alone."""

    def __init__(self, stream: Stream | None = None) -> None:
        super().__init__(content_type="text/event-stream")
        self.headers["Cache-Control"] = "no-cache, no-store"
        self.headers["X-Accel-Buffering"] = "no"
        del self.headers["Content-Length"]
        self._events = stream

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._events is None:
            return super().__call__(environ, start_response)
        self._events.environ = environ
        self._events.socket = environ.get("gunicorn.socket")
        start_response(self.status, self.headers.to_wsgi_list())
        return self._events
