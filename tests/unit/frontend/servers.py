"""Backends for the tests: a plain HTTP server, and one of raw sockets that answers byte for byte."""

import json
import socket
import threading
from contextlib import contextmanager
from queue import Queue

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

RETRY = b"retry: 1000\n\n"
STREAM_HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunk(body):
    return b"%x\r\n%s\r\n" % (len(body), body)


STREAM_START = STREAM_HEADERS + chunk(RETRY)


class QuietHandler(WSGIRequestHandler):
    def log(self, *_):
        pass


class FakeBackend:
    """A healthy backend that answers what a test sets with `reply`, and records its requests."""

    def __init__(self):
        self.replies, self.requests, self.gates = {}, [], {}
        self.reply("/version", {"name": "k8-chatroulette-back", "version": "1.2.3", "colour": "#aa5500"})
        self.reply("/readyz", {"name": "readyz", "ok": True, "checks": []})

    def reply(self, path, body, status=200, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.replies[path] = (raw, status, {"Content-Type": "application/json", **headers})

    def gate(self, path):
        """Let requests of a path wait for the returned event."""
        return self.gates.setdefault(path, threading.Event())

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.requests.append((request.method, environ["RAW_URI"], dict(request.headers), request.get_data()))
        if request.path in self.gates:
            self.gates[request.path].wait(20)
        return Response(*self.replies.get(request.path, (b"{}", 404)))(environ, start_response)

    def paths(self):
        return [path for _, path, _, _ in self.requests]

    @contextmanager
    def serve(self, ip="127.0.0.1", port=0):
        server = make_server(ip, port, self, threaded=True, request_handler=QuietHandler)
        self.url = f"http://{ip}:{server.port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield self
        for event in self.gates.values():
            event.set()
        server.shutdown()
        server.server_close()
        thread.join()


class RawServer:
    """Sends `replies` to one connection after the other, the last one to all further; None keeps silent and open."""

    def __init__(self, *replies, port=0, keep_open=False):
        self.replies, self.keep_open = replies, keep_open
        self.requests, self.connections, self.sockets = 0, Queue(), []
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock = self.server.accept()[0]
            except OSError:
                return
            self.sockets.append(sock)
            request = b""
            while b"\r\n\r\n" not in request and (data := sock.recv(4096)):
                request += data
            reply = self.replies[min(self.requests, len(self.replies) - 1)]
            self.requests += 1
            sock.sendall(reply or b"")
            if reply is not None and not self.keep_open:
                sock.close()
            self.connections.put(sock)

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for sock in self.sockets:
            sock.close()
        self.thread.join()


@contextmanager
def full_queue(ip="127.0.0.1", port=0):
    """Yield a port that no longer accepts connections, and does not refuse them: its accept queue is full."""
    with socket.socket() as server, socket.socket() as client:
        server.bind((ip, port))
        server.listen(0)
        client.connect(server.getsockname())
        yield server.getsockname()[1]
