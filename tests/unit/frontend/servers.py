"""What the tests put around a frontend: backends, a browser, gunicorn."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from queue import Queue

import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

STREAM_START = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nretry: 1000\n\n\r\n"
)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


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


class Connection:
    """One connection of a RawServer, its request read."""

    def __init__(self, sock):
        self.sock, request = sock, b""
        while b"\r\n\r\n" not in request and (data := sock.recv(4096)):
            request += data

    def send_chunk(self, text):
        self.sock.sendall(b"%x\r\n%s\r\n" % (len(text), text))

    def end_body(self):
        self.sock.sendall(b"0\r\n\r\n")
        self.sock.close()

    def is_closed_within(self, seconds):
        ready, _, _ = select.select([self.sock], [], [], seconds)
        try:
            return bool(ready) and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


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
                self.sockets.append(self.server.accept()[0])
            except OSError:
                return
            connection = Connection(self.sockets[-1])
            reply = self.replies[min(self.requests, len(self.replies) - 1)]
            self.requests += 1
            connection.sock.sendall(reply or b"")
            if reply is not None and not self.keep_open:
                connection.sock.close()
            self.connections.put(connection)

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


class Browser:
    """An event stream, from the browser's side."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.sock.sendall(b"GET /api/visitors/cafe/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        self.received = b""

    def receives(self, text):
        """Read until `text` has come; False when the connection ends before."""
        while text not in self.received:
            if not (data := self.sock.recv(4096)):
                return False
            self.received += data
        return True

    def read_to_end(self):
        while data := self.sock.recv(4096):
            self.received += data
        return self.received


class Gunicorn:
    """The frontend as it runs in a container."""

    def __init__(self, backend_url, log, **settings):
        self.log, self.port = log, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "gunicorn", "-c", "python:frontend.gunicorn_conf", "frontend:create_app()"]
        environ = {"BIND": "127.0.0.1", "PORT": str(self.port), "BACKEND_URL": backend_url, **settings}
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=os.environ | environ, stdout=out, stderr=subprocess.STDOUT)
        wait_until(lambda: self.status("/readyz") == 200)

    def status(self, path):
        try:
            return requests.get(self.url + path, timeout=5).status_code
        except requests.ConnectionError:
            return 0

    def log_records(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]
