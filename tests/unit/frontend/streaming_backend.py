"""A backend of event streams made of sockets: each connection can be written to, looked at and cut by a test."""

from __future__ import annotations

import select
import socket
import threading
import time
from queue import Queue

HEADERS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)


class Line:
    """One stream, from the backend's side."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        self.connection, self.head = connection, head
        self.say(b"retry: 1000\n\n")

    def say(self, text: bytes) -> None:
        self.connection.sendall(b"%x\r\n%s\r\n" % (len(text), text))

    def end(self) -> None:
        """End as HTTP ends a body."""
        self.connection.sendall(b"0\r\n\r\n")
        self.connection.close()

    def closed_within(self, seconds: float) -> bool:
        """Wait for the frontend to close the connection."""
        ready, _, _ = select.select([self.connection], [], [], seconds)
        try:
            return bool(ready) and self.connection.recv(1) == b""
        except ConnectionResetError:
            return True


class Tap:
    """Listens, and answers each request with a stream that has begun."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.lines: Queue[Line] = Queue()
        self.held: list[socket.socket] = []
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def accept(self) -> None:
        while True:
            try:
                connection = self.server.accept()[0]
            except OSError:
                return
            self.held.append(connection)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(4096)
            connection.sendall(HEADERS)
            self.lines.put(Line(connection, head))

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()
        for connection in self.held:
            connection.close()


class Browser:
    """One stream, from the browser's side."""

    def __init__(self, url: str, path: str = "/api/visitors/cafe/events") -> None:
        host, port = url.removeprefix("http://").split(":")
        self.sock = socket.create_connection((host, int(port)), timeout=10)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.got = b""

    def reads(self, text: bytes) -> bool:
        """Read until `text` has come; False when the connection ends before."""
        while text not in self.got:
            piece = self.sock.recv(4096)
            if not piece:
                return False
            self.got += piece
        return True

    def rest(self) -> bytes:
        """Read until the end, and return all that ever came."""
        end = time.monotonic() + 10
        while time.monotonic() < end and (piece := self.sock.recv(4096)):
            self.got += piece
        return self.got

    def close(self) -> None:
        self.sock.close()
