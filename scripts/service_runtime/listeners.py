"""A worker's listening sockets: where they listen, and how they are closed without losing a connection."""

import select
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from gevent.lock import RLock
from gevent.pool import Pool
from gevent.server import StreamServer
from gevent.socket import socket as gevent_socket

from service_runtime.socket_filter import accept_new_connections, drop_new_connections

ROUND_TRIP = 0.2
"""Seconds that a connection may need from its first packet to be there to be accepted."""
BACKLOG = 2048
LOOPBACK = "127.0.0.1"
TCP_USER_TIMEOUT, TCP_SAVE_SYN = 18, 27
"""From Linux's linux/tcp.h."""
UNACKNOWLEDGED_MILLISECONDS = 20_000
"""A peer that has acknowledged nothing for so long is gone (tcp(7)), four beats of an event stream: else it would count
as present for a quarter of an hour."""


class Listeners:
    """Accepts connections where the main process listens, or for a while on 127.0.0.1 alone.

    The main process holds the same sockets, so closing them here would leave connections unanswered rather than
    refused. Shutting a listening socket down ends listening for both processes, `listen` begins it again; its port
    stays taken in between. Connections that are made live on.

    `listening` says where, such as `0.0.0.0:3000`; it is empty once closed.
    """

    def __init__(self, sockets: list[Any], handle: Callable[..., Any]) -> None:
        """Accept on these sockets: each connection is given to `handle(listener, client, address)`."""
        self.sockets, self.handle = sockets, handle
        self.pool = Pool()
        self.lock = RLock()
        self.closed = False
        self.loopback: list[Any] = []
        self._open(sockets)

    def _open(self, sockets: list[Any]) -> None:
        self.servers = [self._serve(sock) for sock in sockets]
        self.listening = ", ".join(map(_address, sockets))

    def _serve(self, sock: Any) -> StreamServer:
        sock.setblocking(1)
        with suppress(OSError):
            # Both pass on to each connection that is accepted.
            sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, TCP_SAVE_SYN, 1)
        server = StreamServer(sock.dup(), handle=partial(self.handle, sock), spawn=self.pool)
        server.start()
        return server

    def only_loopback(self) -> None:
        """Refuse what does not come to 127.0.0.1. Raises OSError, and goes on as before, when that is not possible."""
        with self.lock:
            if self.closed or self.loopback:
                return
            self._drain()
            for sock in self.sockets:
                sock.shutdown(socket.SHUT_RDWR)
                accept_new_connections(sock)
            try:
                self.loopback = [_loopback(sock.getsockname()[1]) for sock in self.sockets[:1]]
            except OSError:
                self._reopen()
                raise
            self._open(self.loopback)

    def everywhere(self) -> None:
        with self.lock:
            if not self.closed and self.loopback:
                self._drain()
                for sock in self.loopback:
                    sock.close()
                self._reopen()

    def close(self) -> None:
        """Accept what has connected, then close."""
        with self.lock:
            self.closed, self.listening = True, ""
            self._drain()
            for sock in self.loopback + self.sockets:
                sock.close()

    def _reopen(self) -> None:
        self.loopback = []
        for sock in self.sockets:
            sock.listen(BACKLOG)
        self._open(self.sockets)

    def _drain(self) -> None:
        """Stop accepting; drain the accept queue."""
        for server in self.servers:
            drop_new_connections(server.socket)
        gevent.sleep(ROUND_TRIP)
        with gevent.Timeout(1.0, False):  # noqa: FBT003 - gevent's way to say "silently"
            while select.select([server.socket for server in self.servers], [], [], 0)[0]:
                gevent.sleep(0)
        for server in self.servers:
            server.close()

    def finished(self, seconds: float) -> bool:
        """Wait for the connections that are open, so long at most; tell whether none is left."""
        return bool(self.pool.join(timeout=seconds))


def _loopback(port: int) -> Any:
    sock = gevent_socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((LOOPBACK, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _address(sock: Any) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
