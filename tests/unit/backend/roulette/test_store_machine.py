"""Any interleaving of anything, on both stores, against a plain model that predicts every entry of every log."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from backend.roulette.memory import MemoryStore
from backend.roulette.redis_store import RedisStore
from backend.roulette.store import (
    Census,
    Entry,
    Left,
    Limits,
    Message,
    NotInChat,
    Paired,
    TooMany,
    Unknown,
    Visitor,
    Waiting,
)

LIMITS = Limits(per_window=4, window_seconds=5, log_entries=14)
SLOTS = 4
slots = st.integers(0, SLOTS - 1)
ids = st.sampled_from(["a", "b", "c", "d", "e", "f"])
texts = st.sampled_from(["hello", "Où ?", "😀\n"])


@dataclass
class Person:
    """What the model knows of a visitor."""

    token: str
    cat: str
    language: str
    seen: float
    state: str = "idle"
    chat: str | None = None
    partner: "Person | None" = None
    house: str | None = None
    last: "Person | None" = None
    request: str | None = None
    since: float = 0
    number: int = 0
    log: list = field(default_factory=list)
    said: dict = field(default_factory=dict)
    told: set = field(default_factory=set)
    spoken: int = 0
    done: dict = field(default_factory=lambda: {"say": [], "seek": []})
    shown: list = field(default_factory=list)
    cursor: int = 0

    @property
    def view(self):
        return Visitor(self.cat, self.language, self.state, self.chat if self.state in ("chat", "house") else None)

    @property
    def findable(self):
        return self.state in ("waiting", "house")

    def append(self, event):
        self.number += 1
        log = [*self.log, Entry(self.number, event)]
        recent = log[-LIMITS.log_entries :]
        self.log = [entry for entry in log if entry in recent or isinstance(entry.event, Paired)]

    def empty(self):
        self.log, self.said, self.told = [], {}, set()

    def rest(self):
        self.state, self.partner, self.house, self.spoken = "idle", None, None, 0

    def step_out(self, why):
        if self.partner:
            self.partner.append(Left(self.chat, why))
            self.partner.rest()
        self.rest()

    def meets_again(self, other):
        return self.last is other or other.last is self

    def join(self, other, chat):
        if self.state == "house":
            self.empty()
        self.rest()
        self.state, self.chat, self.partner, self.last = "chat", chat, other, other
        self.append(Paired(chat, other.cat, house=False))


class House(RuleBasedStateMachine):
    """The rules; `fixture` makes the store and its clock."""

    fixture = None

    def __init__(self):
        super().__init__()
        self.clock, self.store, self.traces = type(self).fixture()
        self.people = {}
        self.ever = 0
        self.departed = ["f" * 32]
        self.searched = 0

    def teardown(self):
        self.store.close()

    # What the rules need

    @contextlib.contextmanager
    def someone(self, slot):
        """Give the person of a slot; where it is empty, the store must not know the one who was there."""
        if slot in self.people:
            yield self.people[slot]
            return
        with contextlib.suppress(Unknown):
            yield Person(self.departed[-1], "", "fr", 0)
            pytest.fail("a stranger was let through")

    def named(self, cat):
        return next(person for person in self.people.values() if person.cat == cat)

    def others(self, person):
        return [other for other in self.people.values() if other is not person and other.findable]

    def newest(self, person):
        return self.store.read(person.token, person.number)[-1].event

    def met(self, person):
        """Bring the model up to what the store drew, and return whom the person got; None is a house cat."""
        event = self.newest(person)
        assert isinstance(event, Paired)
        if event.house:
            person.state, person.chat, person.house, person.spoken = "house", event.chat, event.cat, 0
            person.append(event)
            return None
        other = self.named(event.cat)
        assert other.findable, "paired with somebody who could not be found"
        person.join(other, event.chat)
        other.join(person, event.chat)
        return other

    def busy(self, person, what):
        recent = [at for at in person.done[what] if self.clock() - at < LIMITS.window_seconds]
        assert len(recent) >= LIMITS.per_window

    # Rules

    @initialize()
    def begin(self):
        for slot in range(SLOTS):
            self.enter(slot, "fr")

    @rule(slot=slots, language=st.sampled_from(["fr", "en"]))
    def enter(self, slot, language):
        if slot not in self.people:
            self.ever += 1
            token, cat = f"{self.ever:032x}", f"cat{self.ever}"
            self.people[slot] = Person(token, cat, language, self.clock())
        person = self.people[slot]
        self.store.enter(person.token, person.cat, person.language)

    @rule(slot=slots)
    def enter_again(self, slot):
        if slot in self.people:
            self.store.enter(self.people[slot].token, "another", "fr")

    @rule(slot=slots, request=ids)
    def seek(self, slot, request):
        with self.someone(slot) as person:
            strangers = [other for other in self.others(person) if not person.meets_again(other)]
            try:
                state = self.store.seek(person.token, request)
            except TooMany:
                self.busy(person, "seek")
                return
            if request == person.request:
                assert state == person.state
                return
            person.step_out("next")
            person.empty()
            person.request = request
            person.done["seek"].append(self.clock())
            if strangers:
                assert state == "chat"
                assert self.met(person) in strangers, "never twice running while others can be found"
            else:
                assert state == "waiting"
                person.state, person.since = "waiting", self.clock()
                person.append(Waiting())

    @rule(slot=slots)
    def leave(self, slot):
        with self.someone(slot) as person:
            self.store.leave(person.token)
            if person.state == "waiting":
                person.empty()
            elif person.state != "idle":
                person.append(Left(person.chat, "you"))
            person.step_out("left")

    @rule(slot=slots)
    def quit(self, slot):
        person = self.people.pop(slot, None) or Person(self.departed[-1], "", "fr", 0)
        self.store.quit(person.token)
        person.step_out("left")
        self.departed.append(person.token)

    @rule(slot=slots, message=ids, text=texts, stale=st.booleans())
    def say(self, slot, message, text, stale):
        with self.someone(slot) as person:
            chat = person.chat if person.chat and not stale else "0" * 16
            try:
                said = self.store.say(person.token, chat, message, text)
            except NotInChat:
                assert chat != person.chat or person.state not in ("chat", "house")
                assert chat != person.chat or message not in person.said
                return
            except TooMany:
                self.busy(person, "say")
                return
            assert chat == person.chat
            assert said.house == person.house
            if message in person.said:
                assert said.repeated
                number, count = person.said[message]
                assert (said.number, said.count) == (number, count if person.house else 0)
                return
            assert not said.repeated
            assert person.state in ("chat", "house")
            self.accept(person, message, text)
            assert (said.number, said.count) == (person.number, person.spoken)

    @rule(turn=slots, message=ids, text=texts)
    def talk_on(self, turn, message, text):
        """Most of what is said is said in a chat."""
        talkers = [slot for slot, person in self.people.items() if person.state in ("chat", "house")]
        if talkers:
            self.say(talkers[turn % len(talkers)], message, text, stale=False)

    def accept(self, person, message, text):
        at = int(self.clock() * 1000)
        person.spoken += person.house is not None
        person.append(Message(person.chat, message, mine=True, text=text, at=at))
        person.said[message] = (person.number, person.spoken)
        person.done["say"].append(self.clock())
        if person.partner:
            person.partner.append(Message(person.chat, message, mine=False, text=text, at=at))

    @rule(slot=slots, message=ids, text=texts)
    def answer(self, slot, message, text):
        with self.someone(slot) as person:
            try:
                self.store.answer(person.token, person.chat or "none", message, text)
            except NotInChat:
                assert person.state != "house"
                assert message not in person.told
                return
            if message not in person.told:
                assert person.state == "house"
                person.told.add(message)
                person.append(Message(person.chat, message, mine=False, text=text, at=int(self.clock() * 1000)))

    @rule(slot=slots)
    def typing(self, slot):
        with self.someone(slot) as person:
            try:
                self.store.typing(person.token, person.chat or "none")
            except NotInChat:
                assert person.state not in ("chat", "house")
            else:
                assert person.state in ("chat", "house")

    @rule(slot=slots, connection=ids)
    def connect(self, slot, connection):
        with self.someone(slot) as person:
            self.store.connect(person.token, connection)
            person.seen = self.clock()

    @rule(chosen=st.sets(slots))
    def here(self, chosen):
        present = [self.people[slot] for slot in chosen if slot in self.people]
        self.store.here([person.token for person in present] + [self.departed[-1]])
        for person in present:
            person.seen = self.clock()

    @rule(seconds=st.sampled_from([0.25, 1, 3, 5, 12, 21]))
    def time_passes(self, seconds):
        self.clock.wind(seconds)

    @rule()
    def tick(self):
        self.store.tick()
        for slot, person in list(self.people.items()):
            if self.clock() - person.seen > LIMITS.absent_seconds:
                del self.people[slot]
                person.step_out("gone")
                self.departed.append(person.token)
        due = [person for person in self.people.values() if person.state == "waiting"]
        due = [person for person in due if self.clock() - person.since >= LIMITS.alone_seconds]
        housed = [person for person in due if person.state == "waiting" and self.met(person) is None]
        for person in housed:
            assert not self.others(person), "a house cat, though a visitor could be found"

    @rule(slot=slots, after=st.integers(0, 30))
    def read_after(self, slot, after):
        with self.someone(slot) as person:
            expected = [entry for entry in person.log if entry.number > after]
            assert self.store.read(person.token, after) == expected

    @rule(slot=slots)
    def stream(self, slot):
        """A client that comes back with the last number it has seen is shown each entry of its chat once."""
        with self.someone(slot) as person:
            entries = self.store.read(person.token, person.cursor)
            assert all(entry.number > person.cursor for entry in entries)
            person.cursor = max([person.cursor, *(entry.number for entry in entries)])
            person.shown += entries
            assert len({entry.number for entry in person.shown}) == len(person.shown)

    # What always holds

    @invariant()
    def the_house_is_in_order(self):
        logs = {person.token: self.store.read(person.token, 0) for person in self.people.values()}
        for person in self.people.values():
            assert self.store.who(person.token) == person.view
            assert logs[person.token] == person.log
            numbers = [entry.number for entry in logs[person.token]]
            numbers = numbers[-LIMITS.log_entries :]
            assert numbers == list(range(person.number - len(numbers) + 1, person.number + 1))
        self.chats_have_two_sides(logs)
        self.nobody_waits_beside_a_stranger()

    def chats_have_two_sides(self, logs):
        chats = {}
        for person in self.people.values():
            if person.state == "chat":
                chats.setdefault(person.chat, []).append(talk(logs[person.token]))
        for this, that in chats.values():
            both = min(len(this), len(that))
            assert this[len(this) - both :] == [(not mine, *said) for mine, *said in that[len(that) - both :]]

    def nobody_waits_beside_a_stranger(self):
        findable = [person for person in self.people.values() if person.findable]
        assert all(one is two or one.meets_again(two) for one in findable for two in findable)
        census = self.store.census()
        states = [person.state for person in self.people.values()]
        chats = states.count("chat") // 2 + states.count("house")
        assert census == Census(len(states), states.count("waiting"), chats, census.windows)
        assert sorted(census.windows) == sorted(person.cat for person in findable)

    @invariant()
    def nothing_is_kept_of_the_departed(self):
        if self.searched != len(self.departed):
            self.searched = len(self.departed)
            kept = self.traces(self.store)
            assert not [token for token in self.departed if token in kept]


def talk(log):
    events = [entry.event for entry in log]
    return [(event.mine, event.id, event.text) for event in events if isinstance(event, Message)]


def in_memory(clock, _):
    store = MemoryStore(LIMITS, clock)
    return store, lambda store: repr(vars(store))


def in_redis(clock, server):
    server.client.flushall()
    return RedisStore(server.url, "back-1", LIMITS, clock), lambda _: everything(server.client)


def everything(client):
    """Return all that Redis keeps, as one text."""
    readers = {
        "hash": client.hgetall,
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1),
        "stream": client.xrange,
        "string": client.get,
    }
    return str({key: readers[client.type(key)](key) for key in client.keys("*")})


@pytest.mark.parametrize(
    ("make", "examples"), [pytest.param(in_memory, 80, id="memory"), pytest.param(in_redis, 50, id="redis")]
)
def test_any_interleaving(make, examples, redis_server, clock):
    def fixture():
        store, traces = make(clock, redis_server)
        return clock, store, traces

    machine = type("Machine", (House,), {"fixture": staticmethod(fixture)})
    wanted = settings(
        max_examples=examples,
        stateful_step_count=60,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=wanted)
