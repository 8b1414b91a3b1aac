"""Visitors who come, talk, go on and lose their network, under gevent; whoever imports this has patched first."""

from __future__ import annotations

import gc
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import gevent
import judge
import msgspec
from gevent.pool import Pool
from records import Failed, Met, Parted, Run, Sent, Shown, Went, mark_of, text_of

from roulette import Client, Left, Message, NotInChat, Paired, Replaced, RouletteError, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from records import Mark

AT_ONCE = 24
"""So many enter, or quit, at the same time."""
ARRIVE, FINISH, SETTLE = 120.0, 60.0, 20.0
"""Seconds: for everybody to be in a chat; for what is being said at the end; for the last message to be shown."""
BEHIND = 1.0
"""Seconds: what a stall held up for longer is not made up for."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: how many visitors, messages a second in all, for how many seconds."""

    url: str
    visitors: int = 100
    rate: float = 20.0
    seconds: float = 15.0
    seed: int = 1
    going_on: float = 0.01
    """How often somebody goes on to the next cat, a message said."""
    dropping: float = 0.01
    """How often somebody's stream breaks, a message said."""


class Cost(msgspec.Struct, frozen=True):
    """What playing took: cores of this process, and how late its own clock was, in milliseconds."""

    cores: float
    late_p99: float
    late_most: float


class Player:
    """One visitor."""

    def __init__(self, number: int, visit: Visit) -> None:
        self.number, self.visit = number, visit
        self.chat, self.house = "", False
        self.said = 0
        self.talking = self.seeking = False


class Play:
    """One run; what was seen is in `run`."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self.plan, self.say = plan, say
        self.run = Run()
        self.players: list[Player] = []
        self._random = random.Random(plan.seed)
        self._troubles: Counter[str] = Counter()
        self._client = Client(plan.url, on_retry=lambda what, why: self._troubles.update([f"{what}: {why}"]))
        self._talks = Pool()
        self._over = False

    def play(self) -> Cost:
        """Play it all, to the last message shown, and let everybody quit."""
        self._arrive()
        gc.freeze()  # else this process's own pauses would be measured
        self.say("playing")
        began, used = time.monotonic(), time.process_time()
        clock = gevent.spawn(self._clock)
        self._talk()
        cores = (time.process_time() - used) / (time.monotonic() - began)
        late = sorted(clock.get())
        self._settle()
        self.run.retried = dict(self._troubles)
        self._over = True
        self.say("leaving")
        self._each(self.players, lambda player: player.visit.quit())
        return Cost(cores, judge.percentile(late, 99), late[-1])

    def _arrive(self) -> None:
        self.say(f"{self.plan.visitors} visitors enter")
        self._each(list(range(self.plan.visitors)), self._enter)
        deadline = time.monotonic() + ARRIVE
        while (alone := sum(not player.chat for player in self.players)) and time.monotonic() < deadline:
            gevent.sleep(0.1)
        if alone:
            self.say(f"{alone} of {len(self.players)} are in no chat after {ARRIVE:.0f} s")

    def _each(self, items: list, action: Callable) -> None:
        pool = Pool(AT_ONCE)
        for item in items:
            pool.spawn(self._guarded, action, item)
        pool.join()

    def _guarded(self, action: Callable, item: int | Player) -> None:
        try:
            action(item)
        except RouletteError as error:
            self._failed(item if isinstance(item, int) else item.number, action.__name__.strip("_"), error)

    def _enter(self, number: int) -> None:
        player = Player(number, self._client.enter(("fr", "en")[number % 2]))
        self.players.append(player)
        gevent.spawn(self._watch, player)
        self._seek(player)

    def _seek(self, player: Player) -> None:
        """Seek, or go on; what is shown meanwhile starts no second search."""
        player.seeking = True
        try:
            player.visit.seek()
        except RouletteError as error:
            self._failed(player.number, "seek", error)
        finally:
            player.seeking = False

    def _watch(self, player: Player) -> None:
        try:
            for event in player.visit.events():
                if self._over:
                    return
                self._seen(player, event, time.monotonic())
        except RouletteError as error:
            self._failed(player.number, "events", error)

    def _seen(self, player: Player, event: object, now: float) -> None:
        if isinstance(event, Message):
            self.run.shown.append(Shown(player.number, mark_of(event.text), event.chat, event.mine, now))
        elif isinstance(event, Paired):
            player.chat, player.house = event.chat, event.house
            self.run.met.append(Met(player.number, event.chat, event.house, now))
        elif isinstance(event, Left):
            self.run.parted.append(Parted(player.number, event.chat, event.why, now))
            if player.chat == event.chat and not player.seeking:
                player.chat = ""
                gevent.spawn(self._seek, player)
        elif isinstance(event, Replaced):
            self._failed(player.number, "events", "replaced, with one stream only")

    def _failed(self, viewer: int, what: str, error: object) -> None:
        if not self._over:
            self.run.failed.append(Failed(viewer, what, str(error)))

    def _talk(self) -> None:
        """Keep the rate, whatever the answers take: each visitor says one thing at a time, all together many."""
        total, told = round(self.plan.rate * self.plan.seconds), time.monotonic()
        began = told
        for number in range(total):
            due = began + number / self.plan.rate
            gevent.sleep(max(0.0, due - time.monotonic()))
            began += max(0.0, time.monotonic() - due - BEHIND)
            self._one()
            if time.monotonic() - told > 5:
                told = time.monotonic()
                self.say(f"{number} of {total} said, {len(self.run.shown)} shown, {len(self._talks)} under way")
        self.say(f"{total} said")

    def _one(self) -> None:
        speaker = self._pick(lambda player: not player.talking)
        speaker.talking, speaker.said = True, speaker.said + 1
        self._talks.spawn(self._speak, speaker, (speaker.number, speaker.said), speaker.chat, house=speaker.house)
        if self._random.random() < self.plan.going_on:
            # as who sees that the connection is away does not go on
            player = self._pick(lambda player: not player.house and player.visit.connected)
            self.run.went.append(Went(player.number, player.chat, time.monotonic()))
            player.chat = ""
            gevent.spawn(self._seek, player)
        if self._random.random() < self.plan.dropping:
            self._pick(lambda _player: True).visit.disconnect()

    def _pick(self, fits: Callable[[Player], bool]) -> Player:
        """Return somebody in a chat; waits where nobody is."""
        deadline = time.monotonic() + FINISH
        while time.monotonic() < deadline:
            for player in self._random.choices(self.players, k=50):
                if player.chat and fits(player):
                    return player
            gevent.sleep(0.02)
        raise TimeoutError(f"nobody could say anything for {FINISH:.0f} s")

    def _speak(self, player: Player, mark: Mark, chat: str, *, house: bool) -> None:
        began = time.monotonic()
        try:
            receipt = player.visit.say(text_of(mark), chat=chat)
            tries = 1 + len(receipt.failures)
            self.run.sent.append(Sent(mark, chat, house, began, time.monotonic(), tries))
        except RouletteError as error:
            tries, late = 1 + len(error.failures), isinstance(error, NotInChat)
            self.run.sent.append(Sent(mark, chat, house, began, None, tries, str(error), late))
        finally:
            player.talking = False

    def _settle(self) -> None:
        """Wait until everything that was accepted is shown, or that takes too long."""
        self._talks.join(FINISH)
        deadline = time.monotonic() + SETTLE
        while any(judge.lost(self.run)) and time.monotonic() < deadline:
            gevent.sleep(0.5)

    def _clock(self) -> list[float]:
        """Return, for each of many naps while there is talk, how many milliseconds too long it was."""
        late, nap, end = [], 0.02, time.monotonic() + self.plan.seconds
        while (now := time.monotonic()) < end:
            gevent.sleep(nap)
            late.append((time.monotonic() - now - nap) * 1000)
        return late


def tell(text: str) -> None:
    """Say what is being done, apart from the results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
