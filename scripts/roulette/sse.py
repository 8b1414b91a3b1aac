"""Server-sent events from bytes, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.

A lone carriage return, which that text allows as the end of a line, is none here: no server sends it.
"""

from __future__ import annotations

import msgspec


class Frame(msgspec.Struct, frozen=True):
    """One event as it came; `id` is empty where it had none."""

    event: str
    data: bytes
    id: str


class Parser:
    """Takes bytes as they come, cut anywhere, and gives the events that are complete."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._rest = b""
        self.retry: int | None = None
        """How many milliseconds the server wants a client to wait before it connects again; None: it did not say."""

    def feed(self, data: bytes) -> list[Frame]:
        """Return the events that end in these bytes."""
        *blocks, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n\n")
        return [frame for block in blocks if (frame := self._frame(block)) is not None]

    def _frame(self, block: bytes) -> Frame | None:
        fields = dict(_field(line) for line in block.split(b"\n") if line)
        if (wait := fields.get(b"retry", b"")).isdigit():
            self.retry = int(wait)
        if b"data" not in fields:
            return None
        return Frame(fields.get(b"event", b"message").decode(), fields[b"data"], fields.get(b"id", b"").decode())


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Split a line; the service writes each field once, data included. A comment's name is empty."""
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")
