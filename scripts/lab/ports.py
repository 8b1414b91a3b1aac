"""Who listens on a port of this computer."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
_LISTEN = "0A"
_LOOPBACK = ("0" * 24 + "01000000", "0" * 32)
"""``::1`` and ``::`` as ``/proc/net/tcp6`` has them (proc(5)), on a little-endian machine."""


def stranger(port: int) -> str:
    """Name who answers on ``[::1]``; empty where nobody does.

    The lab publishes its ports on 127.0.0.1 alone, and a browser tries ``::1`` first for ``localhost``.
    """
    if not _answers_on_ipv6(port):
        return ""
    rows = (row for row in _listening("tcp6", port) if row[0] in _LOOPBACK)
    return holder({inode for _, inode in rows}) or "another program"


def listener(port: int) -> str:
    """Name who listens at the port on any address; empty where that cannot be seen."""
    return holder({inode for table in ("tcp", "tcp6") for _, inode in _listening(table, port)})


def holder(inodes: set[str]) -> str:
    """Name the process that has one of these sockets, such as ``python3 (process 12)``; empty where none is ours."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in PROC.glob("[0-9]*") if wanted else ():
        with contextlib.suppress(OSError):  # another user's, or gone
            if any(str(descriptor.readlink()) in wanted for descriptor in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _answers_on_ipv6(port: int) -> bool:
    try:
        with socket.create_connection(("::1", port), timeout=0.5):
            return True
    except OSError:
        return False


def _listening(table: str, port: int) -> Iterator[tuple[str, str]]:
    """Yield the local address and the inode of each socket that listens at a port; nothing outside Linux."""
    with contextlib.suppress(OSError):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            address, _, number = fields[1].partition(":")
            if fields[3] == _LISTEN and int(number, 16) == port:
                yield address, fields[9]
