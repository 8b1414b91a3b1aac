"""Any interleaving of calls, on both stores, against a plain model that predicts every entry of every log."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backend.roulette.census import Census
from backend.roulette.store import (
    Entry,
    Left,
    Limits,
    Message,
    NotInChat,
    Paired,
    TooMany,
    UnknownVisitor,
    Visitor,
    Waiting,
)
from backend.shared_state import in_memory, in_redis

LIMITS = Limits(actions=4, period_seconds=5, log_entries=14, arrive_seconds=20)
SLOTS = 4
slots = st.integers(0, SLOTS - 1)
ids = st.sampled_from(["a", "b", "c", "d", "e", "f"])
texts = st.sampled_from(["hello", "Où ?", "😀\n"])


@dataclass
class ModelVisitor:
    token: str
    cat: str
    language: str
    last_seen: float
    connection: str | None = None
    state: str = "idle"
    chat: str | None = None
    partner: "ModelVisitor | None" = None
    bot: str | None = None
    turns: int = 0
    last_partner: "ModelVisitor | None" = None
    request: str | None = None
    waiting_since: float = 0
    number: int = 0
    log: list = field(default_factory=list)
    sent: dict = field(default_factory=dict)
    bot_messages: set = field(default_factory=set)
    actions: dict = field(default_factory=lambda: {"say": [], "seek": []})

    @property
    def view(self):
        return Visitor(self.cat, self.language, self.state, self.chat if self.in_chat else None)

    @property
    def in_chat(self):
        return self.state in ("chat", "house")

    @property
    def findable(self):
        return self.connection is not None and self.state in ("waiting", "house")

    def append(self, event):
        self.number += 1
        log = [*self.log, Entry(self.number, event)]
        recent = log[-LIMITS.log_entries :]
        self.log = [entry for entry in log if entry in recent or isinstance(entry.event, Paired)]

    def clear(self):
        self.log, self.sent, self.bot_messages = [], {}, set()

    def set_idle(self):
        self.state, self.partner, self.bot, self.turns = "idle", None, None, 0

    def end_chat(self, why):
        if self.partner:
            self.partner.append(Left(self.chat, why))
            self.partner.set_idle()
        self.set_idle()

    def met_last(self, other):
        return self.last_partner is other or other.last_partner is self

    def join(self, other, chat):
        if self.state == "house":
            self.clear()
        self.set_idle()
        self.state, self.chat, self.partner, self.last_partner = "chat", chat, other, other
        self.append(Paired(chat, other.cat, house=False))


class StoreMachine(RuleBasedStateMachine):
    """`make` opens the shared state with its clock, and returns what shows everything that it keeps."""

    make = None

    def __init__(self):
        super().__init__()
        self.clock, self.shared, self.dump = type(self).make()
        self.store = self.shared.store
        self.visitors = {}
        self.entered = 0
        self.removed = ["f" * 32]
        self.searched = 0

    def teardown(self):
        self.shared.close()

    @contextlib.contextmanager
    def visitor_in(self, slot):
        """Return the visitor of a slot; where it is empty, the store must not know the one who was there."""
        if slot in self.visitors:
            yield self.visitors[slot]
            return
        with contextlib.suppress(UnknownVisitor):
            yield ModelVisitor(self.removed[-1], "", "fr", 0)
            pytest.fail("the store knows a visitor that was removed")

    def findable_beside(self, visitor):
        return [other for other in self.visitors.values() if other is not visitor and other.findable]

    def strangers_beside(self, visitor):
        return [other for other in self.findable_beside(visitor) if not visitor.met_last(other)]

    def follow_connecting(self, visitor, connection):
        visitor.connection, visitor.last_seen = connection, self.clock()
        if visitor.findable and (others := self.strangers_beside(visitor)):
            assert self.follow_pairing(visitor) in others

    def follow_pairing(self, visitor):
        """Bring the model up to what the store drew, and return the partner; None is a bot."""
        event = self.store.read(visitor.token, visitor.number)[-1].event
        assert isinstance(event, Paired)
        if event.house:
            visitor.state, visitor.chat, visitor.bot, visitor.turns = "house", event.chat, event.cat, 0
            visitor.append(event)
            return None
        partner = next(other for other in self.visitors.values() if other.cat == event.cat)
        assert partner.findable
        visitor.join(partner, event.chat)
        partner.join(visitor, event.chat)
        return partner

    def check_limit(self, visitor, action):
        recent = [at for at in visitor.actions[action] if self.clock() - at < LIMITS.period_seconds]
        assert len(recent) >= LIMITS.actions

    @initialize()
    def fill_slots(self):
        for slot in range(SLOTS):
            self.enter(slot, "fr")

    @rule(slot=slots, language=st.sampled_from(["fr", "en"]))
    def enter(self, slot, language):
        if slot in self.visitors:
            self.store.enter(self.visitors[slot].token, "another", "fr")
            return
        self.entered += 1
        visitor = ModelVisitor(f"{self.entered:032x}", f"cat{self.entered}", language, self.clock())
        self.visitors[slot] = visitor
        self.store.enter(visitor.token, visitor.cat, visitor.language)

    @rule(slot=slots, request=ids)
    def seek(self, slot, request):
        with self.visitor_in(slot) as visitor:
            others = self.strangers_beside(visitor) if visitor.connection else []
            try:
                state = self.store.seek(visitor.token, request)
            except TooMany:
                self.check_limit(visitor, "seek")
                return
            if request == visitor.request:
                assert state == visitor.state
                return
            visitor.end_chat("next")
            visitor.clear()
            visitor.request = request
            visitor.actions["seek"].append(self.clock())
            if others:
                assert state == "chat"
                assert self.follow_pairing(visitor) in others, "the last partner, though there was another"
            else:
                assert state == "waiting"
                visitor.state, visitor.waiting_since = "waiting", self.clock()
                visitor.append(Waiting())

    @rule(slot=slots)
    def leave(self, slot):
        with self.visitor_in(slot) as visitor:
            self.store.leave(visitor.token)
            if visitor.state == "waiting":
                visitor.clear()
            elif visitor.state != "idle":
                visitor.append(Left(visitor.chat, "you"))
            visitor.end_chat("left")

    @rule(slot=slots)
    def quit(self, slot):
        visitor = self.visitors.pop(slot, None) or ModelVisitor(self.removed[-1], "", "fr", 0)
        self.store.quit(visitor.token)
        visitor.end_chat("left")
        self.removed.append(visitor.token)

    @rule(slot=slots, message=ids, text=texts, stale=st.booleans())
    def say(self, slot, message, text, stale):
        with self.visitor_in(slot) as visitor:
            chat = visitor.chat if visitor.chat and not stale else "0" * 16
            try:
                receipt = self.store.say(visitor.token, chat, message, text)
            except NotInChat:
                assert chat != visitor.chat or not visitor.in_chat
                assert chat != visitor.chat or message not in visitor.sent
                return
            except TooMany:
                self.check_limit(visitor, "say")
                return
            assert chat == visitor.chat
            assert receipt.bot == visitor.bot
            if message in visitor.sent:
                assert receipt.repeated
                number, turn = visitor.sent[message]
                assert (receipt.number, receipt.turn) == (number, turn if visitor.bot else 0)
                return
            assert not receipt.repeated
            assert visitor.in_chat
            self.accept(visitor, message, text)
            assert (receipt.number, receipt.turn) == (visitor.number, visitor.turns)

    @rule(draw=slots, message=ids, text=texts)
    def say_in_chat(self, draw, message, text):
        """Most messages belong to a chat."""
        chatting = [slot for slot, visitor in self.visitors.items() if visitor.in_chat]
        if chatting:
            self.say(chatting[draw % len(chatting)], message, text, stale=False)

    def accept(self, visitor, message, text):
        at = int(self.clock() * 1000)
        visitor.turns += visitor.bot is not None
        visitor.append(Message(visitor.chat, message, mine=True, text=text, at=at))
        visitor.sent[message] = (visitor.number, visitor.turns)
        visitor.actions["say"].append(self.clock())
        if visitor.partner:
            visitor.partner.append(Message(visitor.chat, message, mine=False, text=text, at=at))

    @rule(slot=slots, message=ids, text=texts)
    def bot_say(self, slot, message, text):
        with self.visitor_in(slot) as visitor:
            try:
                self.store.bot_say(visitor.token, visitor.chat or "none", message, text)
            except NotInChat:
                assert visitor.state != "house"
                assert message not in visitor.bot_messages
                return
            if message not in visitor.bot_messages:
                assert visitor.state == "house"
                visitor.bot_messages.add(message)
                visitor.append(Message(visitor.chat, message, mine=False, text=text, at=int(self.clock() * 1000)))

    @rule(slot=slots)
    def typing(self, slot):
        with self.visitor_in(slot) as visitor:
            try:
                self.store.typing(visitor.token, visitor.chat or "none")
            except NotInChat:
                assert not visitor.in_chat
            else:
                assert visitor.in_chat

    @rule(slot=slots, connection=ids)
    def connect(self, slot, connection):
        with self.visitor_in(slot) as visitor:
            self.store.connect(visitor.token, connection)
            self.follow_connecting(visitor, connection)

    @rule(slot=slots, connection=ids)
    def disconnect(self, slot, connection):
        visitor = self.visitors.get(slot) or ModelVisitor(self.removed[-1], "", "fr", 0)
        self.store.disconnect(visitor.token, connection)
        if visitor.connection == connection:
            visitor.connection = None

    @rule(chosen=st.sets(slots), connection=ids)
    def heartbeat(self, chosen, connection):
        present = [self.visitors[slot] for slot in chosen if slot in self.visitors]
        tokens = [visitor.token for visitor in present] + [self.removed[-1]]
        newer = self.store.heartbeat(dict.fromkeys(tokens, connection))
        others = {visitor.token: visitor.connection for visitor in present if visitor.connection}
        assert newer == {token: other for token, other in others.items() if other != connection}
        for visitor in present:
            visitor.last_seen = self.clock()
            if visitor.connection is None:
                self.follow_connecting(visitor, connection)

    @rule(seconds=st.sampled_from([0.25, 1, 3, 5, 12, 21]))
    def advance_clock(self, seconds):
        self.clock.advance(seconds)

    @rule()
    def tick(self):
        self.store.tick()
        for slot, visitor in list(self.visitors.items()):
            if self.clock() - visitor.last_seen > LIMITS.absent_seconds:
                del self.visitors[slot]
                visitor.end_chat("gone")
                self.removed.append(visitor.token)
        alone = [visitor for visitor in self.visitors.values() if visitor.state == "waiting"]
        alone = [visitor for visitor in alone if self.clock() - visitor.waiting_since >= LIMITS.alone_seconds]
        with_bots = [
            visitor for visitor in alone if visitor.state == "waiting" and self.follow_pairing(visitor) is None
        ]
        for visitor in with_bots:
            assert not (visitor.connection and self.findable_beside(visitor)), "a bot, though a visitor could be found"

    @rule(slot=slots, after=st.integers(0, 30))
    def read(self, slot, after):
        with self.visitor_in(slot) as visitor:
            known = after if after <= visitor.number else 0  # a number of another life
            assert self.store.read(visitor.token, after) == [entry for entry in visitor.log if entry.number > known]

    @invariant()
    def store_and_model_agree(self):
        for visitor in self.visitors.values():
            assert self.store.get(visitor.token) == visitor.view
            assert self.store.read(visitor.token, 0) == visitor.log

    @invariant()
    def nobody_waits_beside_a_possible_partner(self):
        findable = [visitor for visitor in self.visitors.values() if visitor.findable]
        assert all(first is second or first.met_last(second) for first in findable for second in findable)
        census = self.shared.census()
        states = [visitor.state for visitor in self.visitors.values()]
        chats = states.count("chat") // 2 + states.count("house")
        assert census == Census(len(states), states.count("waiting"), chats, census.windows)
        assert sorted(census.windows) == sorted(visitor.cat for visitor in findable)

    @invariant()
    def nothing_is_kept_of_removed_visitors(self):
        if self.searched != len(self.removed):
            self.searched = len(self.removed)
            dump = self.dump()
            assert not [token for token in self.removed if token in dump]


def dump_redis(client):
    readers = {
        "hash": client.hgetall,
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1),
        "stream": client.xrange,
        "string": client.get,
    }
    return str({key: readers[client.type(key)](key) for key in client.keys("*")})


@pytest.mark.parametrize("examples", [25, pytest.param(100, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_any_interleaving(kind, examples, redis_server, clock):
    def make():
        if kind == "memory":
            shared = in_memory("back-0", LIMITS, clock)
            return clock, shared, lambda: repr(vars(shared.store))
        redis_server.client.flushall()
        shared = in_redis(redis_server.url, "back-0", LIMITS, clock)
        return clock, shared, lambda: dump_redis(redis_server.client)

    machine = type("Machine", (StoreMachine,), {"make": staticmethod(make)})
    wanted = settings(
        max_examples=examples,
        stateful_step_count=60,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=wanted)
