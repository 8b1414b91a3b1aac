"""The roulette in one Redis 7 or Valkey, for any number of replicas: each step is one script, so it is atomic.

The scripts are in lua/, behind lua/prelude.lua, which says what is kept under which key. What is accepted is as durable
as Redis's own persistence. A visitor's Pod is woken through a channel of its own; whoever misses that reads the log.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from backend.roulette.redis_link import Link, Probe
from backend.roulette.redis_wakes import Wakes
from backend.roulette.store import Census, Entry, Event, NotInChat, Said, TooMany, Unknown, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from backend.roulette.store import Language, Limits, Listener, State

FULL_RETRY = 5
"""Seconds after which it is worth asking again whether there is room."""
_AT_ONCE = 250
_FOLDER = Path(__file__).with_name("lua")
_decode = msgspec.json.Decoder(Event).decode


class RedisStore:
    """A `Store` in Redis, as the process of one Pod uses it."""

    kind: Literal["memory", "redis"] = "redis"

    def __init__(self, url: str, pod: str, limits: Limits, clock: Callable[[], float] | None = None) -> None:
        """Connect to nothing yet; `clock` tells Unix seconds, without one Redis's own time is used."""
        self._url = url
        self._pod = pod
        self._limits = limits
        self._clock = clock
        self._link = Link(url, clock or time.monotonic)
        self._probe = Probe(url)
        self._wakes: Wakes | None = None
        register = self._link.client.register_script
        self._scripts = {name: register(text) for name, text in scripts(limits).items()}

    def listen(self, listener: Listener) -> None:
        """Call this listener from now on."""
        self._wakes = Wakes(self._url, _channel(self._pod), listener, self._link.lost)

    def enter(self, visitor: str, cat: str, language: Language) -> None:
        """Let a visitor in, idle; again changes nothing. Raises TooMany."""
        self._run("enter", visitor, cat, language)

    def who(self, visitor: str) -> Visitor:
        """Return what is known of a visitor."""
        fields = ("cat", "language", "state", "chat")
        found = cast("list[bytes | None]", self._link.do(lambda: self._link.client.hmget(f"cats:v:{visitor}", *fields)))
        cat, language, state, chat = (value.decode() if value is not None else None for value in found)
        if cat is None:
            raise Unknown("there is no such visitor, or no more")
        among = chat if state in ("chat", "house") else None
        return Visitor(cat, cast("Language", language), cast("State", state), among)

    def seek(self, visitor: str, request: str) -> State:
        """Leave what there is, and be paired at once or wait."""
        (state,) = self._run("seek", visitor, request)
        return cast("State", state.decode())

    def leave(self, visitor: str) -> None:
        """Leave the chat, or stop waiting; idle changes nothing."""
        self._run("leave", visitor)

    def quit(self, visitor: str) -> None:
        """Forget the visitor."""
        self._run("quit", visitor)

    def say(self, visitor: str, chat: str, message: str, text: str) -> Said:
        """Append a message to both logs. Raises NotInChat, TooMany."""
        number, repeated, house, count = self._run("say", visitor, chat, message, text)
        return Said(number, bool(repeated), house.decode() or None, count)

    def answer(self, visitor: str, chat: str, message: str, text: str) -> None:
        """Let the house cat of this chat say something; the same id again changes nothing. Raises NotInChat."""
        self._run("answer", visitor, chat, message, text)

    def typing(self, visitor: str, chat: str) -> None:
        """Tell the other one that the visitor types. Raises NotInChat."""
        self._run("typing", visitor, chat)

    def connect(self, visitor: str, connection: str) -> None:
        """From now on the visitor's stream is this connection of this process; an older one is told `replaced`."""
        self._run("connect", visitor, self._pod, connection)

    def here(self, visitors: Collection[str]) -> None:
        """Say that these visitors' streams are open."""
        everybody = list(visitors)
        for start in range(0, len(everybody), _AT_ONCE):
            self._run("here", *everybody[start : start + _AT_ONCE])

    def read(self, visitor: str, after: int) -> list[Entry]:
        """Return the entries with higher numbers, in order."""
        pipeline = self._link.client.pipeline(transaction=False)
        pipeline.xrange(f"cats:log:{visitor}", f"({after}-0")
        pipeline.hmget(f"cats:v:{visitor}", "state", "paired")
        entries, (state, paired) = self._link.do(pipeline.execute)
        if state is None:
            raise Unknown("there is no such visitor, or no more")
        found = [Entry(int(number.partition(b"-")[0]), _decode(fields[b"e"])) for number, fields in entries]
        return _beginning(paired, after, found) + found

    def tick(self) -> None:
        """Do what is due: house cats for those alone, the end for those absent.

        Nobody is absent before Redis has been in reach for as long: after an outage all were last seen before it.
        """
        self._run("tick", int(self._link.steady(self._limits.absent_seconds)))

    def census(self) -> Census:
        """Count."""
        visitors, waiting, chats, windows = self._run("census")
        return Census(visitors, waiting, chats, [cat.decode() for cat in windows])

    def report(self, pod: str, status: bytes) -> None:
        """Keep what a Pod says of itself for ten seconds."""
        self._run("report", pod, status)

    def pods(self) -> dict[str, bytes]:
        """Return what the Pods last said of themselves, by their names."""
        found = self._run("pods")
        return {pod.decode(): status for pod, status in zip(found[::2], found[1::2], strict=True)}

    def order(self, pod: str, command: bytes) -> bool:
        """Pass a command on to the process of that Pod; tells whether somebody took it."""
        return bool(self._link.do(lambda: self._link.client.publish(_channel(pod), b"o " + command)))

    def check(self) -> str | None:
        """Return why Redis cannot be used now, None when all is well; never raises, answers within a second."""
        return self._probe.ask()

    def close(self) -> None:
        """Let go of connections."""
        if self._wakes:
            self._wakes.close()
        self._probe.close()
        self._link.close()

    def _run(self, script: str, *arguments: Any) -> list[Any]:
        """Return what the script answers after `ok`."""
        now = "" if self._clock is None else int(self._clock() * 1000)
        given = [now, secrets.token_hex(8), *arguments]
        reply: list[Any] = self._link.do(lambda: self._scripts[script](args=given))
        outcome, *answer = reply
        if outcome != b"ok":
            raise _refusal(outcome, answer)
        return answer


def scripts(limits: Limits) -> dict[str, str]:
    """Return the scripts by name, with the limits in them."""
    prelude = (_FOLDER / "prelude.lua").read_text()
    paths = [path for path in _FOLDER.glob("*.lua") if path.stem != "prelude"]
    return {path.stem: _whole(path.read_text(), _limits(limits) + prelude) for path in paths}


def _whole(text: str, prelude: str) -> str:
    """Put the prelude before the text, but behind a first line that says what Redis allows it."""
    first, _, others = text.partition("\n")
    return f"{first}\n{prelude}{others}" if first.startswith("#!") else prelude + text


def _limits(limits: Limits) -> str:
    values = {
        "alone": int(limits.alone_seconds * 1000),
        "absent": int(limits.absent_seconds * 1000),
        "window": int(limits.window_seconds * 1000),
        "per_window": limits.per_window,
        "visitors": limits.visitors,
        "chats": limits.chats,
        "entries": limits.log_entries,
    }
    return f"local LIMIT = {{ {', '.join(f'{name} = {value}' for name, value in values.items())} }}\n"


def _beginning(paired: bytes | None, after: int, found: list[Entry]) -> list[Entry]:
    """Return the chat's beginning, `<number> <event>`, when it is asked for and no longer in the log."""
    number, _, event = (paired or b"0 ").partition(b" ")
    if int(number) <= after or (found and found[0].number <= int(number)):
        return []
    return [Entry(int(number), _decode(event))]


def _channel(pod: str) -> str:
    return f"cats:pod:{pod}"


def _refusal(outcome: bytes, answer: list[Any]) -> Unknown | NotInChat | TooMany:
    if outcome == b"unknown":
        return Unknown("there is no such visitor, or no more")
    if outcome == b"elsewhere":
        return NotInChat("the visitor is not, or no longer, in that chat")
    if outcome == b"often":
        return TooMany(f"too many {answer[0].decode()} in a short time", answer[1])
    text = "the house is full" if outcome == b"full" else "there are as many chats as may be"
    return TooMany(text, FULL_RETRY)
