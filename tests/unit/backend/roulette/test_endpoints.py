"""The roulette over HTTP, in one process with its own memory and nothing that runs by itself."""

import json
import re
import socket
import time

import msgspec
import pytest

from backend import create_app
from backend.cats import words
from backend.cats.traits import cat_of
from backend.replicas.errors import Unavailable
from service_runtime import logs
from service_runtime.lifecycle import Phase

TOKEN = "0" * 32


@pytest.fixture
def settings(settings):
    return msgspec.structs.replace(settings, alone_seconds=0, max_visitors=20, max_chats=3, max_streams=4)


class Guest:
    """A visitor, and what its stream has told so far."""

    def __init__(self, app, language="fr"):
        self.app, self.client = app, app.test_client()
        entered = self.client.post("/api/visitors", json={"language": language})
        assert entered.status_code == 201
        self.visitor, self.cat = entered.json["visitor"], entered.json["cat"]
        self.path = f"/api/visitors/{self.visitor}"
        self.chat = None

    def stream(self, after=None, last=None, page=None):
        given = {"after": after, "page": page}
        query = "?" + "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        return Stream(self, self.client.get(f"{self.path}/events{query}", headers=headers))

    def seek(self, request="one"):
        return self.client.post(f"{self.path}/chat", json={"id": request})

    def say(self, text, message="m1", chat=None):
        body = {"id": message, "chat": chat or self.state()["chat"], "text": text}
        return self.client.post(f"{self.path}/messages", json=body)

    def state(self):
        return self.client.get(self.path).json


class Stream:
    def __init__(self, guest, answer):
        self.guest, self.answer = guest, answer
        self.chunks = iter(answer.response)

    def read(self, count=1):
        """Return the next so many chunks' events: their number, name and data."""
        return [event for _ in range(count) for event in parse(next(self.chunks))]

    def names(self, count=1):
        return [name for _, name, _ in self.read(count)]

    def ended(self):
        return next(self.chunks, None) is None


def parse(chunk):
    blocks = [block.split("\n") for block in chunk.decode().split("\n\n") if block]
    fields = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [(int(f["id"]) if "id" in f else None, f["event"], json.loads(f["data"])) for f in fields if "event" in f]


@pytest.fixture
def guest(app):
    return Guest(app)


@pytest.fixture
def pair(app):
    """Two visitors in one chat, their streams at its beginning."""
    guests = Guest(app), Guest(app, "en")
    streams = [guest.stream() for guest in guests]
    for guest in guests:
        assert guest.seek().status_code == 202
    for stream in streams:
        stream.read(2)
    yield list(zip(guests, streams, strict=True))
    for stream in streams:
        stream.answer.close()


def keeper(app):
    return app.extensions["context"].background


def hub(app):
    return app.extensions["context"].streams


def store_away(app, monkeypatch, *names):
    def away(*_):
        raise Unavailable("it is being moved")

    for name in names:
        monkeypatch.setattr(app.extensions["context"].shared.store, name, away)


def test_a_visit_has_a_cat_of_its_own(app):
    one, two = Guest(app), Guest(app)
    assert re.fullmatch(r"[0-9a-f]{32}", one.visitor)
    assert one.visitor != two.visitor
    assert one.cat["seed"] != two.cat["seed"]
    assert one.state() == {"cat": one.cat, "state": "idle", "chat": None}


def test_a_visit_ends(guest):
    assert guest.client.delete(guest.path).status_code == 204
    assert guest.client.get(guest.path).status_code == 404
    assert guest.client.delete(guest.path).status_code == 204


def test_the_hello_says_who_answers(guest):
    answer = guest.client.get(f"{guest.path}/events")
    assert answer.content_type == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in answer.headers
    first = next(iter(answer.response))
    assert first.startswith(b"retry: 1000\n\n")
    ((number, name, data),) = parse(first)
    assert (number, name) == (None, "hello")
    expected = {"pod": "back-7d9", "node": "worker", "version": "1.2.3", "store": "memory", "state": "idle"}
    assert data == expected | {"chat": None, "colour": data["colour"], "at": data["at"]}
    assert abs(data["at"] / 1000 - time.time()) < 60


def test_a_peer_that_acknowledges_nothing_is_given_up(app, guest):
    """After 20 s, though the kernel would go on for a quarter of an hour."""
    with socket.socket() as sock:
        app.test_client().get(f"{guest.path}/events", environ_overrides={"gunicorn.socket": sock})
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000


def test_asking_for_the_headers_alone_opens_no_stream(app, guest):
    answer = guest.client.head(f"{guest.path}/events")
    assert (answer.status_code, answer.content_type) == (200, "text/event-stream")
    assert hub(app).count == 0
    assert guest.client.head(f"/api/visitors/{TOKEN}/events").status_code == 404


def test_two_visitors_chat(pair):
    (one, to_one), (two, to_two) = pair
    assert (one.state()["state"], one.state()["chat"]) == ("chat", two.state()["chat"])
    said = one.say("Bonjour !", "a-1")
    assert said.status_code == 202
    assert said.json == {"id": "a-1", "number": 3, "repeated": False}
    ((number, name, mine),) = to_one.read()
    assert (number, name, mine["mine"], mine["text"], mine["id"]) == (3, "message", True, "Bonjour !", "a-1")
    ((_, _, theirs),) = to_two.read()
    assert (theirs["mine"], theirs["text"], theirs["chat"]) == (False, "Bonjour !", mine["chat"])


def test_each_sees_the_cat_of_the_other(app):
    one, two = Guest(app), Guest(app, "en")
    one.seek()
    two.seek()
    ((_, _, paired),) = two.stream().read(2)[-1:]
    assert paired == {
        "chat": two.state()["chat"],
        "house": False,
        "cat": one.cat,
        "greeting": None,
        "fact": None,
    }


def test_a_repeat_is_answered_and_changes_nothing(pair):
    (one, to_one), (_, to_two) = pair
    assert [one.say("encore", "same").json["repeated"] for _ in range(3)] == [False, True, True]
    one.say("fin", "last")
    for stream in (to_one, to_two):
        assert [data["text"] for _, _, data in stream.read()] == ["encore", "fin"]


def test_typing_is_passed_on(pair):
    (one, _), (two, to_two) = pair
    chat = one.state()["chat"]
    assert one.client.post(f"{one.path}/typing", json={"chat": chat}).status_code == 204
    assert to_two.read() == [(None, "typing", {"chat": chat})]
    assert two.client.post(f"{two.path}/typing", json={"chat": "other"}).status_code == 409


def test_leaving_tells_the_other(pair):
    (one, to_one), (two, to_two) = pair
    assert one.client.delete(f"{one.path}/chat").status_code == 204
    assert [data["why"] for stream in (to_one, to_two) for _, _, data in stream.read()] == ["you", "left"]
    assert two.say("?", chat="gone").status_code == 409


@pytest.mark.parametrize(
    ("after", "last", "expected"),
    [
        pytest.param(None, None, [1, 2, 3, 4, 5], id="from-the-beginning"),
        pytest.param(None, 3, [4, 5], id="header"),
        pytest.param(4, None, [5], id="query"),
        pytest.param(4, 3, [5], id="the-larger-counts"),
        pytest.param(3, 4, [5], id="the-larger-counts-in-the-header-too"),
    ],
)
def test_a_stream_resumes_after_what_was_seen(app, after, last, expected):
    one, two = Guest(app), Guest(app)
    for guest in (one, two):
        guest.seek()
    for number in range(3):
        two.say("?", f"m{number}")
    stream = one.stream(after, last)
    assert stream.names() == ["hello"]
    assert [number for number, _, _ in stream.read()] == expected


@pytest.mark.parametrize(
    ("query", "header"),
    [("?after=-1", None), ("?after=x", None), ("?since=1", None), ("", "x"), ("", "-1")],
)
def test_a_place_that_cannot_be_is_refused(app, guest, query, header):
    headers = {"Last-Event-ID": header} if header else {}
    assert guest.client.get(f"{guest.path}/events{query}", headers=headers).status_code == 400
    assert hub(app).count == 0


def test_nothing_falls_between_connecting_and_reading(app, pair):
    """What is said while the store is told of the stream, or while it reads, is in the stream."""
    (one, to_one), (two, _) = pair
    store = app.extensions["context"].shared.store
    connect, read = store.connect, store.read

    def connect_late(visitor, connection):
        connect(visitor, connection)
        two.say("while connecting", "c")

    def read_early(visitor, after):
        found = read(visitor, after)
        if not any(getattr(entry.event, "id", "") == "r" for entry in found):
            two.say("while reading", "r")
        return found

    store.connect, store.read = connect_late, read_early
    stream = one.stream(after=2)
    assert stream.names() == ["hello"]
    assert [data["text"] for _, _, data in stream.read(2)] == ["while connecting", "while reading"]
    assert to_one.names() == ["replaced"]


def test_the_newest_stream_takes_over(app, guest):
    old, new = guest.stream(), guest.stream()
    assert old.names(2) == ["hello", "replaced"]
    assert old.ended()
    old.answer.close()
    assert new.names() == ["hello"]
    guest.seek()
    assert new.names() == ["waiting"]
    assert hub(app).count == 1


@pytest.mark.parametrize(
    "told", [pytest.param(True, id="told-by-the-store"), pytest.param(False, id="seen-here-alone")]
)
def test_a_late_request_of_the_same_page_does_not_silence_it(app, guest, monkeypatch, told):
    """Requests overtake one another: the page's stream may be older than one that the page gave up; it comes again."""
    old = guest.stream(page="p")
    if not told:
        monkeypatch.setattr(app.extensions["context"].shared.store, "connect", lambda *_: None)
    guest.stream(page="p")
    assert old.names(2) == ["hello", "move"]
    assert guest.stream(page="p").names() == ["hello"]


def test_another_page_takes_over(guest):
    old = guest.stream(page="p")
    guest.stream(page="q")
    assert old.names(2) == ["hello", "replaced"]


def test_the_newest_stream_here_takes_over_though_nobody_says_so(app, guest, monkeypatch):
    """What another process, or Redis, tells may be lost."""
    old = guest.stream()
    monkeypatch.setattr(app.extensions["context"].shared.store, "connect", lambda *_: None)
    guest.stream()
    assert old.names(2) == ["hello", "replaced"]


@pytest.mark.parametrize("told", [pytest.param(True, id="told-late"), pytest.param(False, id="not-told")])
def test_of_two_pages_that_overlap_the_later_one_stays(app, guest, monkeypatch, told):
    """Another page comes while the first is still connecting, and the store may hear of them the other way round."""
    store, later = app.extensions["context"].shared.store, []
    connect = store.connect

    def overlap(visitor, connection):
        monkeypatch.setattr(store, "connect", connect if told else lambda *_: None)
        later.append(guest.stream(page="q"))
        store.connect(visitor, connection)

    monkeypatch.setattr(store, "connect", overlap)
    first = guest.stream(page="p")
    assert first.names(2) == ["hello", "replaced"]
    guest.seek()
    assert later[0].names(2) == ["hello", "waiting"]


def test_a_stream_may_be_replaced_while_it_connects(app, guest, monkeypatch):
    store = app.extensions["context"].shared.store
    monkeypatch.setattr(store, "connect", lambda visitor, mine: hub(app).replaced(visitor, mine, "another.1"))
    stream = guest.stream()
    assert stream.names(2) == ["hello", "replaced"]
    assert stream.ended()


def test_a_stream_that_ends_is_forgotten(app, guest):
    for begun in (False, True):
        stream = guest.stream()
        if begun:
            stream.read()
        assert (hub(app).count, hub(app).visitors) == (1, [guest.visitor])
        stream.answer.close()
        stream.answer.close()
        assert (hub(app).count, hub(app).visitors) == (0, [])
        assert not any(hub(app)._wheel)


def test_a_visit_that_ends_ends_its_stream(guest):
    stream = guest.stream()
    stream.read()
    guest.client.delete(guest.path)
    assert stream.ended()


def test_there_are_so_many_streams_and_no_more(app):
    guests = [Guest(app) for _ in range(5)]
    streams = [guest.stream() for guest in guests[:4]]
    refused = guests[4].client.get(f"{guests[4].path}/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert guests[0].client.get(f"{guests[0].path}/events").status_code == 200
    streams[1].answer.close()
    streams[0].answer.close()
    assert guests[4].client.get(f"{guests[4].path}/events").status_code == 200


def test_beats_are_spread_and_each_stream_has_one_a_turn(app):
    streams = [Guest(app).stream() for _ in range(4)]
    for stream in streams:
        stream.read()
    beaten = []
    for _ in range(20):
        hub(app).turn()
        beaten.append(sum(open_.beat for opens in hub(app)._by_visitor.values() for open_ in opens))
    assert beaten[:5] == [1, 2, 3, 4, 4]
    assert [stream.read() for stream in streams] == [[(None, "beat", {"pod": "back-7d9"})]] * 4


def test_what_a_lost_wake_would_have_told_comes_with_the_beat(app, guest, monkeypatch):
    stream = guest.stream()
    guest.seek()
    assert stream.names(2) == ["hello", "waiting"]
    with monkeypatch.context() as patched:
        patched.setattr(hub(app), "log_changed", lambda _: None)
        Guest(app).seek()
    for _ in range(20):
        hub(app).turn()
    assert stream.names() == ["paired", "beat"]


def test_a_drain_sends_every_stream_elsewhere_and_still_serves(app):
    """Whoever comes back at once gets what there is, and is sent on when the wheel has turned."""
    guests = [Guest(app) for _ in range(3)]
    streams = [guest.stream() for guest in guests]
    for stream in streams:
        stream.read()
    app.extensions["context"].lifecycle.phase = Phase.DRAINING
    for _ in range(20):
        hub(app).turn()
    for stream in streams:
        assert stream.names() == ["move"]
        assert stream.ended()
        stream.answer.close()
    again = guests[0].stream()
    guests[0].seek()
    assert again.names(2) == ["hello", "waiting"]
    for _ in range(19):
        hub(app).turn()
    assert not any(open_.ending for opens in hub(app)._by_visitor.values() for open_ in opens)
    hub(app).turn()
    assert again.names() == ["move"]


def test_with_the_store_away_streams_move_and_calls_say_so(app, guest, monkeypatch):
    stream = guest.stream()
    stream.read()
    store_away(app, monkeypatch, "read", "get", "seek", "connect", "enter")
    hub(app).log_changed(guest.visitor)
    assert stream.names() == ["move"]
    assert stream.ended()
    stream.answer.close()
    refused = [
        guest.client.get(guest.path),
        guest.seek(),
        guest.client.get(f"{guest.path}/events"),
        guest.client.post("/api/visitors", json={"language": "fr"}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert json.loads(answer.data)["type"] == "redis-away"
    assert hub(app).count == 0


def test_the_keeper_moves_streams_when_the_store_goes_away_and_says_so_once(app, guest, monkeypatch, capsys):
    logs.configure("backend", "info", "back")
    stream = guest.stream()
    stream.read()
    with monkeypatch.context() as patched:
        store_away(app, patched, "tick")
        for _ in range(3):
            keeper(app).tick()
    keeper(app).tick()
    assert stream.names() == ["move"]
    told = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines() if "memory" in line]
    assert told == ["the shared memory is away", "the shared memory is back"]


def test_presence_is_renewed_for_those_who_have_a_stream(app, monkeypatch):
    store, here = app.extensions["context"].shared.store, []
    monkeypatch.setattr(store, "heartbeat", here.append)
    present, _absent = Guest(app), Guest(app)
    present.stream()
    for _ in range(20):
        keeper(app).tick()
    assert here == [[present.visitor]]


def test_alone_one_gets_a_house_cat_that_talks(app, guest):
    stream = guest.stream()
    guest.seek()
    keeper(app).tick()
    (*_, (_, name, paired)) = stream.read(2)
    assert (name, paired["house"], guest.state()["state"]) == ("paired", True, "house")
    assert paired["greeting"]
    assert paired["fact"]
    for _ in range(2):
        assert guest.say("Bonjour", "hi").status_code == 202
    guest.say("Bonjour", "hi-2")
    told = [data for _, _, data in stream.read()]
    assert [data["mine"] for data in told] == [True, False, True, False]
    assert told[1]["text"] != told[3]["text"]
    assert len({data["id"] for data in told}) == 4


def test_a_house_cat_speaks_the_visitors_language(app):
    greetings = {}
    for language in ("fr", "en"):
        guest = Guest(app, language)
        guest.seek()
        keeper(app).tick()
        stream = guest.stream()
        (*_, (_, _, paired)) = stream.read(2)
        greetings[language] = paired["greeting"]
        guest.client.delete(guest.path)
        seed = paired["cat"]["seed"]
        known = words.greeting(cat_of(seed)), words.fact(cat_of(seed))
        assert (paired["greeting"], paired["fact"]) == tuple(text.of(language) for text in known)


def test_a_house_cat_that_has_stepped_aside_is_no_error(app, guest, monkeypatch):
    """Another visitor came along between the message and its answer."""
    guest.seek()
    keeper(app).tick()
    store = app.extensions["context"].shared.store
    say = store.say

    def say_and_pair(*given):
        said = say(*given)
        Guest(app).seek()
        return said

    monkeypatch.setattr(store, "say", say_and_pair)
    assert guest.say("Bonjour").status_code == 202
    assert guest.state()["state"] == "chat"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("  salut \n", "salut", id="trimmed"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param("a\nb", "a\nb", id="line-ends-stay"),
        pytest.param("é" * 500, "é" * 500, id="longest"),
        pytest.param("e\u0301" * 500 + " " * 9, "é" * 500, id="longest-once-composed"),
        pytest.param("🐈‍⬛\u2028<b>", "🐈‍⬛\u2028<b>", id="anything-else"),
    ],
)
def test_texts_are_kept_as_unicode_has_them(pair, text, kept):
    (one, _), (_, to_two) = pair
    assert one.say(text).status_code == 202
    ((_, _, data),) = to_two.read()
    assert data["text"] == kept


MESSAGE = {"id": "a", "chat": "c", "text": "hello"}
BAD = [
    pytest.param("/messages", {**MESSAGE, "text": " \n "}, 400, "nothing", id="blank"),
    pytest.param("/messages", {**MESSAGE, "text": ""}, 400, "`$.text`", id="empty"),
    pytest.param("/messages", {**MESSAGE, "text": "x" * 501}, 400, "501 characters; 500 are the most", id="too-long"),
    pytest.param("/messages", {**MESSAGE, "text": "\u200b\u3164"}, 400, "seen", id="invisible"),
    pytest.param("/messages", {**MESSAGE, "text": "a\tb"}, 400, "control", id="tab"),
    pytest.param("/messages", {**MESSAGE, "text": "a\x00b"}, 400, "control", id="nul"),
    pytest.param("/messages", {**MESSAGE, "text": "a\x9bb"}, 400, "control", id="c1-control"),
    pytest.param("/messages", {**MESSAGE, "text": 5}, 400, "`$.text`", id="no-text"),
    pytest.param("/messages", {**MESSAGE, "id": "a b"}, 400, "`$.id`", id="id-with-a-space"),
    pytest.param("/messages", {**MESSAGE, "id": "a\n"}, 400, "`$.id`", id="id-with-a-line-end"),
    pytest.param("/messages", {**MESSAGE, "id": "x" * 65}, 400, "`$.id`", id="long-id"),
    pytest.param("/messages", {**MESSAGE, "mood": "happy"}, 400, "`mood`", id="unknown-field"),
    pytest.param("/messages", {"id": "a"}, 400, "`chat`", id="missing-field"),
    pytest.param("/messages", {**MESSAGE, "text": "x" * 9000}, 413, "", id="large"),
    pytest.param("/messages", MESSAGE, 409, "chat", id="not-in-that-chat"),
    pytest.param("/chat", {"id": ""}, 400, "`$.id`", id="no-id"),
    pytest.param("/chat", ["id"], 400, "object", id="no-object"),
    pytest.param("/typing", {"chat": "a/b"}, 400, "`$.chat`", id="typing"),
    pytest.param("", {"language": "de"}, 405, "", id="no-such-method"),
]


@pytest.mark.parametrize(("path", "body", "status", "detail"), BAD)
def test_bad_input_is_refused_with_its_reason(guest, path, body, status, detail):
    answer = guest.client.post(f"{guest.path}{path}", json=body)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert detail in json.loads(answer.data)["detail"]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"language": "fr"', b'{"language": "\\ud800"}'])
def test_what_is_no_json_is_refused(client, raw):
    assert client.post("/api/visitors", data=raw).status_code == 400


def test_a_large_body_is_refused_whether_or_not_it_says_so(client):
    for length in (8192, 8193):
        raw = b'{"language": "fr"}'.ljust(length)
        assert client.post("/api/visitors", data=raw).status_code == (201 if length == 8192 else 413)


@pytest.mark.parametrize("language", ["de", None, "FR"])
def test_only_two_languages_are_spoken_here(client, language):
    assert client.post("/api/visitors", json={"language": language}).status_code == 400


@pytest.mark.parametrize("token", [TOKEN, "x", "F" * 32, TOKEN + "0", TOKEN + "%0A", "%2e%2e"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", "/chat"),
        ("DELETE", "/chat"),
        ("POST", "/messages"),
        ("POST", "/typing"),
        ("GET", "/events"),
    ],
)
def test_who_is_not_known_is_told_so(client, token, method, path):
    body = {"/chat": {"id": "a"}, "/messages": MESSAGE, "/typing": {"chat": "c"}}.get(path)
    answer = client.open(f"/api/visitors/{token}{path}", method=method, json=body if method == "POST" else None)
    assert answer.status_code == 404
    assert json.loads(answer.data)["type"] == "unknown-visitor"


def test_the_store_is_asked_only_for_what_can_be_a_token(app, client, monkeypatch):
    """A token is part of keys in Redis."""
    asked = []
    monkeypatch.setattr(app.extensions["context"].shared.store, "quit", asked.append)
    for token in (TOKEN, "*", TOKEN + "0", TOKEN + "%0A", "A" * 32):
        client.delete(f"/api/visitors/{token}")
    assert asked == [TOKEN]


def test_a_full_house_says_when_to_come_back(app, client):
    for _ in range(20):
        Guest(app)
    answer = client.post("/api/visitors", json={"language": "fr"})
    assert (answer.status_code, json.loads(answer.data)["type"]) == (429, "too-many")
    assert int(answer.headers["Retry-After"]) >= 1


def test_too_many_messages_say_when_to_come_back(pair):
    (one, _), _ = pair
    answers = [one.say("x", f"m{number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_seeking_too_often_says_when_to_come_back(pair):
    (one, _), _ = pair
    answers = [one.seek(f"again-{number}") for number in range(10)]
    assert [answer.status_code for answer in answers] == [202] * 9 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_too_many_chats_say_when_to_come_back(app):
    assert [Guest(app).seek().status_code for _ in range(6)] == [202] * 6
    refused = Guest(app).seek()
    assert (refused.status_code, json.loads(refused.data)["type"]) == (429, "too-many")
    assert int(refused.headers["Retry-After"]) >= 1


def test_no_log_line_and_no_figure_has_a_token(app, capsys):
    logs.configure("backend", "info", "back")
    app.add_url_rule("/api/visitors/<visitor>/crash", view_func=lambda **_: {}["crash"])
    guest = Guest(app)
    guest.seek()
    guest.stream()
    guest.client.get(f"{guest.path}/bogus")
    guest.client.get(f"/api/visitors/{guest.visitor}x/chat")
    assert guest.client.get(f"{guest.path}/crash").status_code == 500
    told = capsys.readouterr().out + guest.client.get("/metrics").text
    assert guest.visitor not in told
    assert "/api/visitors/<visitor>/chat" in told
    assert "KeyError: 'crash'" in told


def test_figures(pair):
    (one, _), (two, _) = pair
    one.say("a", "a")
    one.say("a", "a")
    two.say("b", "b")
    rows = one.client.get("/metrics").text.splitlines()
    expected = {"roulette_streams 2.0", "roulette_visitors 2.0"}
    assert expected | {"roulette_messages_total 2.0"} <= set(rows)


def test_two_applications_share_no_visitor(app, settings):
    guest = Guest(app)
    assert create_app(settings).test_client().get(guest.path).status_code == 404
