"""Backends for the tests: a plain HTTP server, and one of raw sockets that answers byte for byte."""

import json
import select
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

VERSION = {"name": "k8-chatroulette-back", "version": "1.2.3", "colour": "#aa5500"}
STREAM_START = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nretry: 1000\n\n\r\n"
)


class FakeBackend:
    """Answers what a test puts into `replies`, and records the requests; a path in `gates` waits for its event."""

    def __init__(self, address=("127.0.0.1", 0)):
        self.replies, self.requests, self.gates = {}, [], {}
        self.reply("/version", VERSION)
        self.reply("/readyz", {"name": "readyz", "ok": True, "checks": []})
        self.server = ThreadingHTTPServer(address, handler(self))
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def reply(self, path, body, status=200, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}
        self.replies[path] = (status, headers, raw)

    def gate(self, path):
        return self.gates.setdefault(path, threading.Event())

    def paths(self):
        return [path for _, path, _, _ in self.requests]


def handler(fake):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.requests.append((self.command, self.path, dict(self.headers), body))
            path = self.path.partition("?")[0]
            if path in fake.gates:
                fake.gates[path].wait(20)
            status, headers, raw = fake.replies.get(path, (404, {"Content-Length": "2"}, b"{}"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(raw)
            self.close_connection = True

        do_GET = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - http.server's names

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def running(fake):
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    for event in fake.gates.values():
        event.set()
    fake.server.shutdown()
    fake.server.server_close()
    thread.join()


class Connection:
    """One connection of a RawServer, its request read."""

    def __init__(self, sock):
        self.sock, self.request = sock, b""
        while b"\r\n\r\n" not in self.request and (data := sock.recv(4096)):
            self.request += data

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
                sock = self.server.accept()[0]
            except OSError:
                return
            self.sockets.append(sock)
            connection = Connection(sock)
            reply = self.replies[min(self.requests, len(self.replies) - 1)]
            self.requests += 1
            sock.sendall(reply or b"")
            if reply is not None and not self.keep_open:
                sock.close()
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

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.sock = socket.create_connection((host, int(port)), timeout=10)
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
