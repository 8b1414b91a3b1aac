"""Stands in for the backend where many are needed: one file, standard library, a twentieth of the backend's CPU time.

Run as ``python3 -I -c SOURCE``: it listens on BIND and PORT as the backend does, and names its Pod to every request.
"""

import json
import os
import socket

BACKLOG = 64


def listener(bind: str, port: int) -> socket.socket:
    """Listen on an address; ``::`` takes IPv4 too, as the kernel's default is (ipv6(7), IPV6_V6ONLY)."""
    server = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((bind, port))
    server.listen(BACKLOG)
    return server


def answer(pod: str) -> bytes:
    """Return the whole HTTP response, whatever the request."""
    body = json.dumps({"pod": pod}).encode()
    head = f"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serve(server: socket.socket, response: bytes) -> None:
    """Answer one connection after the other, for ever."""
    while True:
        connection, _ = server.accept()
        with connection:
            try:
                connection.settimeout(1)
                connection.recv(4096)
                connection.sendall(response)
            except OSError:  # the client left early
                continue


if __name__ == "__main__":
    serve(listener(os.environ["BIND"], int(os.environ["PORT"])), answer(os.environ["POD_NAME"]))
