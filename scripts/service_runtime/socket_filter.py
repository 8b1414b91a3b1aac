"""Closing a listening socket without resetting connections that the kernel has already made on it."""

import contextlib
import socket
import struct
from array import array

SO_ATTACH_FILTER = 26
SO_DETACH_FILTER = 27
"""From Linux's asm-generic/socket.h."""

DROP_SYN = (
    (0x30, 0, 0, 13),  # load the byte of TCP flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone is a connection that begins …
    (0x06, 0, 0, 0),  # … drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # everything else passes
)
"""A classic BPF program: https://docs.kernel.org/networking/filter.html."""


def drop_new_connections(sock: socket.socket) -> None:
    """Let no new connection begin on a listening socket; those under way are completed and can be accepted.

    Closing resets whatever waits to be accepted, and under load something always does. Whoever tries to connect
    is refused as soon as the socket is closed. Where filters are not to be had, nothing happens.
    """
    program = array("B", b"".join(struct.pack("HBBI", *step) for step in DROP_SYN))
    address, _ = program.buffer_info()
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_SYN), address))


def accept_new_connections(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
