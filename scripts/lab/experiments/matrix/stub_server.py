"""Stands in for the backend where many are needed: one file, standard library, a twentieth of the backend's CPU time.

Run as ``python3 -I -c SOURCE``: it listens on BIND and PORT as the backend does, and tells every request its Pod.
"""

import json
import os
import socket

BACKLOG = 64


def listener(bind: str, port: int) -> socket.socket:
    """Listen on an address; ``::`` takes IPv4 too, as the kernel's default is (ipv6(7), IPV6_V6ONLY)."""
    found = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((bind, port))
    found.listen(BACKLOG)
    return found


def answer(pod: str) -> bytes:
    """Return the whole answer, whatever was asked."""
    body = json.dumps({"pod": pod}).encode()
    head = f"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def serve(door: socket.socket, said: bytes) -> None:
    """Answer one after the other, for ever; who leaves early is nobody's loss."""
    while True:
        guest, _ = door.accept()
        with guest:
            try:
                guest.settimeout(1)
                guest.recv(4096)
                guest.sendall(said)
            except OSError:
                continue


if __name__ == "__main__":
    serve(listener(os.environ["BIND"], int(os.environ["PORT"])), answer(os.environ["POD_NAME"]))
