"""Visitors' logs in memory, within a budget for all of them together."""

import sys

from backend.roulette.store import Entry, Event, Limits, Message, Paired

BUDGET_BYTES = 16 * 2**20
SHORT = 6
"""Entries that a log is cut down to while all logs together exceed the budget."""
_ENTRY_BYTES = 180  # without its text, with its share of the ids


class LogBudget:
    """Approximate bytes that all logs take."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int = BUDGET_BYTES) -> None:
        self.limit, self.used = limit, 0


class VisitorLog:
    """One visitor's entries; `number` is the latest one's."""

    __slots__ = ("_budget", "_bytes", "_events", "_limits", "_paired", "bot_messages", "number", "sent")

    def __init__(self, budget: LogBudget, limits: Limits) -> None:
        self._budget, self._limits = budget, limits
        self.number = self._bytes = 0
        self._paired: Entry | None = None
        """The chat's beginning once it is no longer among the events: a page that reloads needs it."""
        self._events: list[Event] = []
        self.sent: dict[str, int] = {}
        """Numbers of the visitor's own messages by their ids, in order."""
        self.bot_messages: set[str] = set()

    def append(self, event: Event) -> None:
        self.number += 1
        self._events.append(event)
        self._count(_size(event))
        while len(self._events) > (self._limits.log_entries if self._budget.used <= self._budget.limit else SHORT):
            self._drop_oldest()
        while self._bytes > self._limits.log_bytes and len(self._events) > 1:
            self._drop_oldest()

    def read(self, after: int) -> list[Entry]:
        """Return the entries with higher numbers, in order: all of them where `after` is none of this log's."""
        after = after if after <= self.number else 0
        dropped = self.number - len(self._events)
        start = max(0, after - dropped)
        first = [self._paired] if self._paired and self._paired.number > after else []
        return first + [Entry(number, event) for number, event in enumerate(self._events[start:], dropped + start + 1)]

    def clear(self) -> None:
        self._count(-self._bytes)
        self._paired, self._events, self.sent, self.bot_messages = None, [], {}, set()

    def _count(self, size: int) -> None:
        self._bytes += size
        self._budget.used += size

    def _drop_oldest(self) -> None:
        oldest = self._events.pop(0)
        self._count(-_size(oldest))
        if isinstance(oldest, Paired):
            self._paired = Entry(self.number - len(self._events), oldest)
        elif isinstance(oldest, Message) and oldest.mine:
            del self.sent[oldest.id]
        elif isinstance(oldest, Message):
            self.bot_messages.discard(oldest.id)


def _size(event: Event) -> int:
    return _ENTRY_BYTES + sys.getsizeof(event.text) if isinstance(event, Message) else _ENTRY_BYTES
