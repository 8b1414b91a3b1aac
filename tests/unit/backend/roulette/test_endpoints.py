"""The roulette over HTTP, in one process with its own memory and no background tasks."""

import json
import re
import time

import msgspec
import pytest

from backend import create_app
from backend.cats import words
from backend.cats.traits import cat_of
from service_runtime import logs

TOKEN = "0" * 32


@pytest.fixture
def settings(settings):
    return msgspec.structs.replace(settings, alone_seconds=0, max_visitors=20, max_chats=3)


@pytest.fixture
def pair(enter):
    """Two visitors in one chat, their streams at its beginning."""
    visits = enter(), enter("en")
    streams = [visit.stream() for visit in visits]
    for visit in visits:
        assert visit.seek().status_code == 202
    for stream in streams:
        stream.read(2)
    yield list(zip(visits, streams, strict=True))
    for stream in streams:
        stream.close()


def test_a_visit_has_a_cat_of_its_own_until_it_ends(enter):
    first, second = enter(), enter()
    assert re.fullmatch(r"[0-9a-f]{32}", first.visitor)
    assert first.visitor != second.visitor
    assert first.cat["seed"] != second.cat["seed"]
    assert first.status() == {"cat": first.cat, "state": "idle", "chat": None}
    for _ in range(2):
        assert first.client.delete(first.path).status_code == 204
    assert first.client.get(first.path).status_code == 404


def test_the_hello_names_the_pod(visit):
    response = visit.client.get(f"{visit.path}/events")
    assert response.content_type == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache, no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in response.headers
    assert next(iter(response.response)).startswith(b"retry: 1000\n\n")
    ((number, name, hello),) = visit.stream().read()
    assert (number, name) == (None, "hello")
    expected = {"pod": "back-7d9", "node": "worker", "version": "1.2.3", "store": "memory", "state": "idle"}
    assert hello == expected | {"chat": None, "colour": hello["colour"], "at": hello["at"]}
    assert abs(hello["at"] / 1000 - time.time()) < 60


def test_two_visitors_chat(pair):
    (first, to_first), (second, to_second) = pair
    assert (first.status()["state"], first.status()["chat"]) == ("chat", second.status()["chat"])
    response = first.say("Bonjour !", "a-1")
    assert (response.status_code, response.json) == (202, {"id": "a-1", "number": 3, "repeated": False})
    assert first.say("Bonjour !", "a-1").json["repeated"]
    first.say("fin", "a-2")
    ((number, name, mine), (_, _, last)) = to_first.read()
    assert (number, name, mine["mine"], mine["text"], mine["id"]) == (3, "message", True, "Bonjour !", "a-1")
    theirs = to_second.data()
    assert [data["text"] for data in theirs] == ["Bonjour !", last["text"]]
    assert (theirs[0]["mine"], theirs[0]["chat"]) == (False, mine["chat"])
    metrics = first.client.get("/metrics").text.splitlines()
    assert {"roulette_streams 2.0", "roulette_visitors 2.0", "roulette_messages_total 2.0"} <= set(metrics)


def test_each_is_shown_the_cat_of_the_other(enter):
    first, second = enter(), enter("en")
    first.seek()
    second.seek()
    paired = second.stream().data(2)[-1]
    expected = {"chat": second.status()["chat"], "house": False, "cat": first.cat, "greeting": None, "fact": None}
    assert paired == expected


def test_typing_and_leaving_are_passed_on(pair):
    (first, to_first), (second, to_second) = pair
    chat = first.status()["chat"]
    assert first.client.post(f"{first.path}/typing", json={"chat": chat}).status_code == 204
    assert to_second.read() == [(None, "typing", {"chat": chat})]
    assert second.client.post(f"{second.path}/typing", json={"chat": "other"}).status_code == 409
    assert first.client.delete(f"{first.path}/chat").status_code == 204
    assert [data["why"] for stream in (to_first, to_second) for data in stream.data()] == ["you", "left"]
    assert second.say("?", chat=chat).status_code == 409


@pytest.mark.parametrize("language", ["fr", "en"])
def test_alone_a_visitor_chats_with_a_bot_in_its_language(enter, background, language):
    visit = enter(language)
    stream = visit.stream()
    visit.seek()
    background.tick()
    *_, (_, name, paired) = stream.read(2)
    assert (name, paired["house"], visit.status()["state"]) == ("paired", True, "house")
    cat = cat_of(paired["cat"]["seed"])
    assert (paired["greeting"], paired["fact"]) == (words.greeting(cat).of(language), words.fact(cat).of(language))
    for _ in range(2):
        assert visit.say("Bonjour", "hi").status_code == 202
    visit.say("Bonjour", "hi-2")
    messages = stream.data()
    assert [data["mine"] for data in messages] == [True, False, True, False]
    assert messages[1]["text"] != messages[3]["text"]
    assert len({data["id"] for data in messages}) == 4


def test_a_visitor_may_take_the_bot_s_place_before_its_reply(enter, visit, app_store, background, monkeypatch):
    visit.seek()
    background.tick()
    say = app_store.say

    def say_and_pair(*arguments):
        receipt = say(*arguments)
        enter().seek()
        return receipt

    monkeypatch.setattr(app_store, "say", say_and_pair)
    assert visit.say("Bonjour").status_code == 202
    assert visit.status()["state"] == "chat"


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        pytest.param("  salut \n", "salut", id="trimmed"),
        pytest.param("e\u0301", "é", id="composed"),
        pytest.param("a\nb", "a\nb", id="line-ends-stay"),
        pytest.param("e\u0301" * 500 + " " * 9, "é" * 500, id="longest-once-composed"),
        pytest.param("🐈‍⬛\u2028<b>", "🐈‍⬛\u2028<b>", id="anything-else"),
    ],
)
def test_texts_are_normalized(pair, text, normalized):
    (first, _), (_, to_second) = pair
    assert first.say(text).status_code == 202
    assert [data["text"] for data in to_second.data()] == [normalized]


MESSAGE = {"id": "a", "chat": "c", "text": "hello"}


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        pytest.param("/messages", {**MESSAGE, "text": " \n "}, 400, "nothing", id="blank"),
        pytest.param("/messages", {**MESSAGE, "text": ""}, 400, "`$.text`", id="empty"),
        pytest.param("/messages", {**MESSAGE, "text": "x" * 501}, 400, "501 characters; 500 are the most", id="long"),
        pytest.param("/messages", {**MESSAGE, "text": "\u200b\u3164"}, 400, "seen", id="invisible"),
        pytest.param("/messages", {**MESSAGE, "text": "a\tb"}, 400, "control", id="tab"),
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
    ],
)
def test_bad_input_is_refused_with_its_reason(visit, path, body, status, detail):
    response = visit.client.post(f"{visit.path}{path}", json=body)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert detail in json.loads(response.data)["detail"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"\xff", 400),
        (b'{"language": "fr"', 400),
        (b'{"language": "\\ud800"}', 400),
        (b'{"language": "de"}', 400),
        (b'{"language": null}', 400),
        pytest.param(b'{"language": "fr"}'.ljust(8192), 201, id="largest"),
        pytest.param(b'{"language": "fr"}'.ljust(8193), 413, id="too-large"),
    ],
)
def test_a_body_is_small_json_of_a_known_language(client, data, status):
    assert client.post("/api/visitors", data=data, content_type="application/json").status_code == status


@pytest.mark.parametrize("token", [TOKEN, "x", "F" * 32, TOKEN + "0", TOKEN + "%0A", "%2e%2e"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/chat", {"id": "a"}),
        ("DELETE", "/chat", None),
        ("POST", "/messages", MESSAGE),
        ("POST", "/typing", {"chat": "c"}),
        ("GET", "/events", None),
        ("HEAD", "/events", None),
    ],
)
def test_an_unknown_visitor_is_not_found(client, token, method, path, body):
    response = client.open(f"/api/visitors/{token}{path}", method=method, json=body)
    assert response.status_code == 404
    assert method == "HEAD" or json.loads(response.data)["type"] == "unknown-visitor"


def test_the_store_is_asked_only_for_what_can_be_a_token(client, app_store, monkeypatch):
    """A token is part of keys in Redis."""
    tokens = []
    monkeypatch.setattr(app_store, "quit", tokens.append)
    for token in (TOKEN, "*", TOKEN + "0", TOKEN + "%0A", "A" * 32):
        client.delete(f"/api/visitors/{token}")
    assert tokens == [TOKEN]


def too_many_visitors(enter):
    visit = [enter() for _ in range(20)][-1]
    return visit.client.post("/api/visitors", json={"language": "fr"})


def too_many_messages(enter):
    first, second = enter(), enter()
    first.seek()
    second.seek()
    return [first.say("x", f"m{number}") for number in range(11)][-1]


def too_many_searches(enter):
    visit = enter()
    return [visit.seek(f"again-{number}") for number in range(11)][-1]


def too_many_chats(enter):
    assert [enter().seek().status_code for _ in range(6)] == [202] * 6
    return enter().seek()


@pytest.mark.parametrize("exceed", [too_many_visitors, too_many_messages, too_many_searches, too_many_chats])
def test_beyond_a_limit_the_answer_says_when_to_try_again(enter, exceed):
    response = exceed(enter)
    assert (response.status_code, json.loads(response.data)["type"]) == (429, "too-many")
    assert int(response.headers["Retry-After"]) >= 1


def test_no_log_line_and_no_metric_has_a_token(app, capsys, enter):
    logs.configure("backend", "info", "back")
    app.add_url_rule("/api/visitors/<visitor>/crash", view_func=lambda **_: {}["crash"])
    visit = enter()
    visit.seek()
    visit.stream()
    visit.client.get(f"{visit.path}/bogus")
    visit.client.get(f"/api/visitors/{visit.visitor}x/chat")
    assert visit.client.get(f"{visit.path}/crash").status_code == 500
    output = capsys.readouterr().out + visit.client.get("/metrics").text
    assert visit.visitor not in output
    assert "/api/visitors/<visitor>/chat" in output
    assert "KeyError: 'crash'" in output


def test_two_applications_share_no_visitor(visit, settings):
    assert create_app(settings).test_client().get(visit.path).status_code == 404
