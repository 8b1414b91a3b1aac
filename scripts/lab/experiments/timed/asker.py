"""Asks addresses again and again, and says each change of the answer in one line of JSON.

This file is also the program that runs in a container, as ``python3 -I -c``: only the standard library, nothing of the
lab. The lab itself uses ``ask`` for what is asked from this computer.
"""

import http.client
import json
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

EVERY = 0.25
PATIENCE = 8.0
"""Seconds: on a busy machine an answer may be late, and late is no refusal."""

Answer = tuple[str, str]
"""How it ended (`answers`, `refused`, `no-name`, `timeout`, `reset`), and the raw words that say so."""


def ask(url: str, patience: float = PATIENCE) -> Answer:
    """Ask once, on a connection of its own; ``ping://host`` sends an ICMP echo and waits for its reply."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "ping":
            return "answers", ping(parts.hostname or "", patience)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=patience)
        try:
            connection.request("GET", parts.path or "/")
            reply = connection.getresponse()
            reply.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return outcome(error), f"{type(error).__name__}: {error}"
    return "answers", f"HTTP {reply.status} {reply.reason}"


def outcome(error: Exception) -> str:
    """Tell how it ended from what was raised."""
    if isinstance(error, socket.gaierror):
        return "no-name"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "timeout" if isinstance(error, TimeoutError) else "reset"


def ping(host: str, patience: float) -> str:
    """Send one ICMP echo, which needs no privilege where the kernel allows the group (icmp(7)); raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
        sock.settimeout(patience)
        sock.sendto(b"\x08\x00\x00\x00\x00\x00\x00\x01cats", (host, 0))  # the kernel fills the checksum and the id in
        sock.recv(64)
    return f"ICMP echo reply from {host}"


def follow(name: str, url: str, seconds: float) -> None:
    """Ask for so many seconds, and say each change."""
    ends, before = time.monotonic() + seconds, ""
    while time.monotonic() < ends:
        now, raw = ask(url)
        if now != before:
            say({"name": name, "outcome": now, "raw": raw})
            before = now
        time.sleep(EVERY)


def say(line: dict[str, str]) -> None:
    """Write one line, whole and at once."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Follow every address of the given JSON object ``{"urls", "seconds"}``, each in a thread of its own."""
    given = json.loads(sys.argv[1])
    say({"name": "netns", "outcome": str(Path("/proc/self/ns/net").readlink()), "raw": "/proc/self/ns/net"})
    for name, url in given["urls"].items():
        threading.Thread(target=follow, args=(name, url, given["seconds"])).start()


if __name__ == "__main__":
    main()
