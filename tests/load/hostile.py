"""Let visitors chat while a stranger does one hostile thing after the other: `python tests/load/hostile.py URL`.

Each kind goes on for `--each` seconds, with at most `--connections` connections. The URL is the node's of a cluster of
the lab's, `http://<node>:30080`: the port of this computer is Docker's own proxy, which gives up long before.
Exit 0 when every message was shown once and in order and every probe was answered, 1 when not; as JSON it prints what
was done, the visitors' verdict, and the machine's load.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = tuple[str, "Callable[..., int]", bytes]
GET = b"GET /api/house HTTP/1.1\r\n"
HOST = GET + b"Host: localhost\r\n"
POST = b"POST /api/visitors HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LANGUAGE = b'{"language":"en"}'
ENTER = POST + b"Content-Length: 17\r\n\r\n" + LANGUAGE
EVENTS = b"GET /api/visitors/" + b"0" * 32 + b"/events HTTP/1.1\r\nHost: localhost\r\n\r\n"

HELD = {
    "silent connections": b"",
    "slow request lines": b"GET /api",
    "slow headers": HOST,
    "slow bodies": POST + b"Content-Length: 600\r\n\r\n{",
    "slow chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n11\r\n{",
    "slow readers": (HOST + b"\r\n") * 50,
}
"""Sent once; then a byte at a time."""
SENT = {
    "flood of entries": ENTER,
    "entries as a web page can send them": ENTER.replace(b"application/json", b"text/plain"),
    "flood of streams": EVENTS,
    "large bodies": POST + b"Content-Length: 70000\r\n\r\n" + b" " * 70_000,
    "large headers": HOST + b"Cookie: " + b"x" * 40_000 + b"\r\n\r\n",
    "malformed requests": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "rebinding": GET + b"Host: evil.example\r\nSec-Fetch-Site: same-origin\r\n\r\n",
    "forged probes": b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-probe/1.37\r\n\r\n",
    "flood of connections": b"",
}
"""Sent over new connections, one after the other."""


def dial(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=2)


def hold(address: tuple[str, int], data: bytes, until: float, most: int) -> int:
    """Hold as many connections as may be, and send a byte over each now and then; return how many there were."""
    held: list[socket.socket] = []
    opened = 0
    while time.monotonic() < until:
        with suppress(OSError):
            if len(held) < most:
                held.append(dial(address))
                held[-1].sendall(data)
                opened += 1
                continue
        alive = [sock for sock in held if _trickle(sock)]
        for sock in set(held) - set(alive):
            sock.close()
        held = alive
        time.sleep(0.05)
    for sock in held:
        sock.close()
    return opened


def _trickle(sock: socket.socket) -> bool:
    try:
        return sock.send(b"x") > 0
    except OSError:
        return False


def flood(address: tuple[str, int], data: bytes, until: float, _most: int) -> int:
    sent = 0
    while time.monotonic() < until:
        with suppress(OSError), dial(address) as sock:
            sock.sendall(data)
            sent += 1
            if data:
                sock.recv(65_536)
    return sent


def watch(address: tuple[str, int], until: float) -> tuple[int, int]:
    """Ask for /livez as the kubelet does, once a second with two seconds' time; return answers and failures."""
    answered = failed = 0
    while time.monotonic() < until:
        connection = HTTPConnection(*address, timeout=2)
        try:
            connection.request("GET", "/livez")
            answered += connection.getresponse().status == 200
        except (OSError, HTTPException):
            failed += 1
        finally:
            connection.close()
        time.sleep(1)
    return answered, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    for name, default in (("visitors", 50), ("each", 60), ("connections", 4500), ("rate", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    parts = urlsplit(options.url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    kinds = [(name, hold, data) for name, data in HELD.items()] + [(name, flood, data) for name, data in SENT.items()]
    seconds = len(kinds) * options.each + 10
    words = [f"--visitors={options.visitors}", f"--rate={options.rate}", f"--seconds={seconds}"]
    command = [sys.executable, str(Path(__file__).parent), options.url, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as visitors:
        next(line for line in visitors.stderr or () if line.startswith("playing"))
        threading.Thread(target=lambda: list(visitors.stderr or ()), daemon=True).start()
        report = [play(address, kind, options.each, options.connections) for kind in kinds]
        played = json.loads((visitors.stdout or sys.stdin).read() or "{}")
    result = {"kinds": report, "visitors": played, "load": os.getloadavg()}
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return int(visitors.returncode != 0 or any(kind["probes failed"] for kind in report))


def play(address: tuple[str, int], kind: Kind, each: int, most: int) -> dict[str, object]:
    name, act, data = kind
    until = time.monotonic() + each
    done: list[int] = []
    workers = [threading.Thread(target=lambda: done.append(act(address, data, until, most // 4))) for _ in range(4)]
    for worker in workers:
        worker.start()
    answered, failed = watch(address, until)
    for worker in workers:
        worker.join()
    sys.stderr.write(
        f"{name}: {sum(done)}, /livez {answered} answered, {failed} failed, load {os.getloadavg()[0]:.0f}\n"
    )
    return {"kind": name, "done": sum(done), "probes answered": answered, "probes failed": failed}


if __name__ == "__main__":
    sys.exit(main())
