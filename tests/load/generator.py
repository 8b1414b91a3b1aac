"""Visitors who enter, chat, go on and lose their connection, under gevent; whoever imports this has patched first."""

import gc
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

import gevent
import msgspec
from gevent.pool import Pool
from records import ChatBegan, ChatEnded, Failed, Mark, Run, Sent, Shown, WentOn, mark_of, text_of
from verdict import lost, percentile

from roulette import Client, Left, Message, NotInChat, Paired, Replaced, RouletteError, Visit

CONCURRENT = 24
"""So many enter, or quit, at the same time."""
ARRIVE_SECONDS, FINISH_SECONDS, SETTLE_SECONDS = 120.0, 60.0, 20.0
"""For everybody to be in a chat; for requests under way at the end; for the last message to be shown."""
CATCH_UP_SECONDS = 1.0
"""A stall of more than this is not made up for."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` is messages a second in all; `going_on` and `dropping` are how often a message makes somebody do so."""

    url: str
    visitors: int = 100
    rate: float = 20.0
    seconds: float = 15.0
    seed: int = 1
    going_on: float = 0.01
    dropping: float = 0.01


class Cost(msgspec.Struct, frozen=True):
    """Cores that the generator used, and how late its own clock was, in milliseconds."""

    cores: float
    late_p99: float
    late_most: float


class Player:
    """One visitor, and the chat that it is in."""

    def __init__(self, number: int, visit: Visit) -> None:
        self.number, self.visit = number, visit
        self.chat, self.house = "", False
        self.sent = 0
        self.sending = self.seeking = False


class Generator:
    """One run; what was observed is in `run`."""

    def __init__(self, plan: Plan, progress: Callable[[str], None]) -> None:
        self.plan, self.progress = plan, progress
        self.run = Run()
        self.players: list[Player] = []
        self._random = random.Random(plan.seed)
        self._retries: Counter[str] = Counter()
        self._client = Client(plan.url, on_retry=lambda what, why: self._retries.update([f"{what}: {why}"]))
        self._requests = Pool()
        self._over = False

    def play(self) -> Cost:
        """Play it all, to the last message shown, and let everybody quit."""
        self._arrive()
        gc.freeze()  # else this process's own pauses would be measured
        self.progress("playing")
        began, used = time.monotonic(), time.process_time()
        delays = gevent.spawn(self._measure_delays)
        self._send_messages()
        cores = (time.process_time() - used) / (time.monotonic() - began)
        late = sorted(delays.get())
        self._settle()
        self.run.retried = dict(self._retries)
        self._over = True
        self.progress("leaving")
        self._for_each(self.players, lambda player: player.visit.quit())
        return Cost(cores, percentile(late, 99), late[-1])

    def _arrive(self) -> None:
        self.progress(f"{self.plan.visitors} visitors enter")
        self._for_each(list(range(self.plan.visitors)), self._enter)
        deadline = time.monotonic() + ARRIVE_SECONDS
        while (alone := sum(not player.chat for player in self.players)) and time.monotonic() < deadline:
            gevent.sleep(0.1)
        if alone:
            self.progress(f"{alone} of {len(self.players)} are in no chat after {ARRIVE_SECONDS:.0f} s")

    def _for_each(self, items: list, action: Callable) -> None:
        def guarded(item: int | Player) -> None:
            try:
                action(item)
            except RouletteError as error:
                number = item if isinstance(item, int) else item.number
                self._record_failure(number, action.__name__.strip("_"), error)

        pool = Pool(CONCURRENT)
        for item in items:
            pool.spawn(guarded, item)
        pool.join()

    def _enter(self, number: int) -> None:
        player = Player(number, self._client.enter(("fr", "en")[number % 2]))
        self.players.append(player)
        gevent.spawn(self._read_events, player)
        self._seek(player)

    def _seek(self, player: Player) -> None:
        """Seek, or go on; events that arrive meanwhile start no second search."""
        player.seeking = True
        try:
            player.visit.seek()
        except RouletteError as error:
            self._record_failure(player.number, "seek", error)
        finally:
            player.seeking = False

    def _read_events(self, player: Player) -> None:
        try:
            for event in player.visit.events():
                if self._over:
                    return
                self._record(player, event, time.monotonic())
        except RouletteError as error:
            self._record_failure(player.number, "events", error)

    def _record(self, player: Player, event: object, now: float) -> None:
        if isinstance(event, Message):
            self.run.shown.append(Shown(player.number, mark_of(event.text), event.chat, event.mine, now))
        elif isinstance(event, Paired):
            player.chat, player.house = event.chat, event.house
            self.run.began.append(ChatBegan(player.number, event.chat, event.house, now))
        elif isinstance(event, Left):
            self.run.ended.append(ChatEnded(player.number, event.chat, event.why, now))
            if player.chat == event.chat and not player.seeking:
                player.chat = ""
                gevent.spawn(self._seek, player)
        elif isinstance(event, Replaced):
            self._record_failure(player.number, "events", "replaced, with one stream only")

    def _record_failure(self, visitor: int, request: str, error: object) -> None:
        if not self._over:
            self.run.failed.append(Failed(visitor, request, str(error)))

    def _send_messages(self) -> None:
        """Keep the rate, whatever the answers take: each visitor sends one message at a time, all together many."""
        total, reported = round(self.plan.rate * self.plan.seconds), time.monotonic()
        began = reported
        for number in range(total):
            due = began + number / self.plan.rate
            gevent.sleep(max(0.0, due - time.monotonic()))
            began += max(0.0, time.monotonic() - due - CATCH_UP_SECONDS)
            self._send_one()
            if time.monotonic() - reported > 5:
                reported = time.monotonic()
                self.progress(f"{number} of {total} said, {len(self.run.shown)} shown, {len(self._requests)} under way")
        self.progress(f"{total} said")

    def _send_one(self) -> None:
        sender = self._pick(lambda player: not player.sending)
        sender.sending, sender.sent = True, sender.sent + 1
        self._requests.spawn(self._send, sender, (sender.number, sender.sent), sender.chat, house=sender.house)
        if self._random.random() < self.plan.going_on:
            # A person without a connection does not go on.
            player = self._pick(lambda player: not player.house and player.visit.connected)
            self.run.went_on.append(WentOn(player.number, player.chat, time.monotonic()))
            player.chat = ""
            gevent.spawn(self._seek, player)
        if self._random.random() < self.plan.dropping:
            self._pick(lambda _player: True).visit.disconnect()

    def _pick(self, fits: Callable[[Player], bool]) -> Player:
        """Return somebody in a chat; waits where nobody is."""
        deadline = time.monotonic() + FINISH_SECONDS
        while time.monotonic() < deadline:
            for player in self._random.choices(self.players, k=50):
                if player.chat and fits(player):
                    return player
            gevent.sleep(0.02)
        raise TimeoutError(f"nobody could say anything for {FINISH_SECONDS:.0f} s")

    def _send(self, player: Player, mark: Mark, chat: str, *, house: bool) -> None:
        began = time.monotonic()
        try:
            receipt = player.visit.say(text_of(mark), chat=chat)
            self.run.sent.append(Sent(mark, chat, house, began, time.monotonic(), 1 + len(receipt.failures)))
        except RouletteError as error:
            tries, late = 1 + len(error.failures), isinstance(error, NotInChat)
            self.run.sent.append(Sent(mark, chat, house, began, None, tries, str(error), late))
        finally:
            player.sending = False

    def _settle(self) -> None:
        """Wait until everything that was accepted is shown, or SETTLE_SECONDS have passed."""
        self._requests.join(FINISH_SECONDS)
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(lost(self.run)) and time.monotonic() < deadline:
            gevent.sleep(0.5)

    def _measure_delays(self) -> list[float]:
        """Return by how many milliseconds each of many short sleeps was too long."""
        late, seconds, end = [], 0.02, time.monotonic() + self.plan.seconds
        while (now := time.monotonic()) < end:
            gevent.sleep(seconds)
            late.append((time.monotonic() - now - seconds) * 1000)
        return late


def report(text: str) -> None:
    """Write progress to stderr, apart from the results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
