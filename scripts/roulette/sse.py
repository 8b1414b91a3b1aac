"""Parser of https://html.spec.whatwg.org/multipage/server-sent-events.html, except for lone carriage returns."""

import msgspec


class Frame(msgspec.Struct, frozen=True):
    """One event as received; `id` is empty where it has none."""

    event: str
    data: bytes
    id: str


class Parser:
    """Finds the complete events in bytes that are cut anywhere."""

    def __init__(self) -> None:
        self._buffer = b""
        self.retry: int | None = None
        """Milliseconds before a client reconnects, as the server last set them."""

    def feed(self, data: bytes) -> list[Frame]:
        *blocks, self._buffer = (self._buffer + data).replace(b"\r\n", b"\n").split(b"\n\n")
        return [frame for block in blocks if (frame := self._frame(block)) is not None]

    def _frame(self, block: bytes) -> Frame | None:
        fields = dict(_field(line) for line in block.split(b"\n") if line)
        if (retry := fields.get(b"retry", b"")).isdigit():
            self.retry = int(retry)
        if b"data" not in fields:
            return None
        return Frame(fields.get(b"event", b"message").decode(), fields[b"data"], fields.get(b"id", b"").decode())


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Split a line; the service writes each field once, data included. A comment's name is empty."""
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")
