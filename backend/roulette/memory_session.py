"""One visitor in this process's memory."""

import math
from dataclasses import dataclass, field

from backend.roulette.memory_log import VisitorLog
from backend.roulette.store import Language, Limits, NotInChat, State


@dataclass(slots=True, eq=False)
class Session:
    """A visitor, while it visits; times are the store's clock's seconds."""

    token: str
    cat: str
    language: Language
    last_seen: float
    log: VisitorLog
    state: State = "idle"
    chat: str | None = None
    """The latest chat, which may be over; `state` says."""
    partner: "Session | None" = None
    bot: str | None = None
    bot_turns: int = 0
    last_cat: str | None = None
    """The cat of the last partner."""
    request: str | None = None
    connection: str | None = None
    """None without a stream."""
    waiting_since: float = 0.0
    actions: dict[str, tuple[float, int]] = field(default_factory=dict)
    """By kind of action: when its period began, and how many there were in it."""

    @property
    def in_chat(self) -> bool:
        return self.state in ("chat", "house")

    def require(self, chat: str, *states: State) -> None:
        if self.chat != chat or self.state not in states:
            raise NotInChat

    def turn(self, message: str) -> int:
        """Return how many messages the bot had received with this one."""
        later = len(self.log.sent) - 1 - list(self.log.sent).index(message)
        return self.bot_turns - later if self.bot else 0

    def count_action(self, kind: str, now: float, limits: Limits) -> int:
        """Return 0 and count the action, or, where there were too many, the seconds after which it is allowed."""
        began, count = self.actions.get(kind, (now, 0))
        if not 0 <= now - began < limits.period_seconds:
            began, count = now, 0
        if count >= limits.actions:
            return max(1, math.ceil(began + limits.period_seconds - now))
        self.actions[kind] = began, count + 1
        return 0
