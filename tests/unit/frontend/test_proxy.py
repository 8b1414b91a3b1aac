"""What goes through to the backend, what does not, and what is said when it fails."""

from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from .conftest import Fake, Listening


def test_an_answer_goes_through_whole(fake: Fake, client: FlaskClient) -> None:
    fake.reply(
        "/cats/x.svg", b"<svg/>", **{"Content-Type": "image/svg+xml", "ETag": '"abc"', "Cache-Control": "max-age=9"}
    )
    response = client.get("/cats/x.svg?mood=smug")
    assert (response.status_code, response.data, response.mimetype) == (200, b"<svg/>", "image/svg+xml")
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"abc"', "max-age=9")
    assert fake.seen[0][1] == "/cats/x.svg?mood=smug"


def test_a_post_goes_through_with_its_body(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/visitors", {"visitor": "x"}, 201)
    response = client.post("/api/visitors", json={"a": 1})
    assert (response.status_code, response.get_json()) == (201, {"visitor": "x"})
    assert (fake.seen[0][0], fake.seen[0][3]) == ("POST", b'{"a": 1}')


def test_the_backends_own_errors_go_through(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", {"title": "no"}, 503, **{"Content-Type": "application/problem+json"})
    response = client.get("/api/cats")
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")


def test_somebody_elses_error_is_not_passed_on_as_ours(fake: Fake, client: FlaskClient) -> None:
    """A Service that leads to another server answers 404 to everything: that is no word about a visitor."""
    fake.reply("/api/visitors/x", b"not found", 404, **{"Content-Type": "text/plain"})
    response = client.get("/api/visitors/x")
    assert (response.status_code, response.get_json()["hop"]["hop"]) == (502, "not_ours")


def test_the_request_id_travels(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", {})
    response = client.get("/api/cats", headers={"X-Request-Id": "abc-1"})
    assert fake.seen[0][2]["X-Request-Id"] == "abc-1"
    assert response.headers.getlist("X-Request-Id") == ["abc-1"]


def test_a_strange_request_id_is_replaced(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", {})
    client.get("/api/cats", headers={"X-Request-Id": "a b"})
    assert fake.seen[0][2]["X-Request-Id"].isalnum()


def test_hop_by_hop_headers_and_cookies_stay_here(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", {}, **{"Set-Cookie": "a=b", "Keep-Alive": "timeout=5", "X-Kept": "yes"})
    sent = {
        "Connection": "keep-alive, X-Private",
        "X-Private": "1",
        "TE": "trailers",
        "Cookie": "lang=fr",
        "X-Own": "1",
    }
    response = client.get("/api/cats", headers=sent)
    arrived = fake.seen[0][2]
    assert arrived["Connection"] == "close"
    assert {"X-Private", "Te", "TE", "Cookie"}.isdisjoint(arrived)
    assert arrived["X-Own"] == "1"
    assert {"Set-Cookie", "Keep-Alive"}.isdisjoint(response.headers.keys())
    assert response.headers["X-Kept"] == "yes"


@pytest.mark.parametrize(
    "path",
    [
        "/faults/crash",
        "/api/../faults/crash",
        "/api/%2e%2e/faults/crash",
        "/api/x/..%5c..%5cfaults",
        "/version/x",
    ],
)
def test_nothing_else_is_reachable(fake: Fake, client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert fake.seen == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/faults", id="what there is"),
        pytest.param("POST", "/faults/crash?pod=back-1", id="begin"),
        pytest.param("DELETE", "/faults/crash", id="end one"),
        pytest.param("DELETE", "/faults", id="end all"),
    ],
)
def test_faults_pass_only_where_they_are_switched_on(
    fake: Fake, connect: Callable[..., FlaskClient], method: str, path: str
) -> None:
    fake.reply(path.partition("?")[0], {"pod": "back-1"}, 202)
    assert connect(fake.url).open(path, method=method).status_code == 404
    assert fake.seen == []
    assert connect(fake.url, FAULTS="on").open(path, method=method).status_code == 202
    assert [(row[0], row[1]) for row in fake.seen] == [(method, path)]


def test_the_backend_is_told_which_site_switches_a_fault(fake: Fake, connect: Callable[..., FlaskClient]) -> None:
    """It refuses what is not this page."""
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
    fake.reply("/faults/crash", {}, 202)
    assert connect(fake.url, FAULTS="on").post("/faults/crash", data=b"{}", headers=headers).status_code == 202
    assert headers.items() <= fake.seen[0][2].items()


def test_a_repeated_header_comes_through_each_time(listening: Listening, connect: Callable[..., FlaskClient]) -> None:
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLink: A\r\nLink: B\r\n\r\n") as port:
        assert connect(f"http://127.0.0.1:{port}").get("/api/x").headers.getlist("Link") == ["A", "B"]


def test_head_has_the_length_and_no_body(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", {"a": 1})
    response = client.head("/api/cats")
    assert (response.status_code, response.headers["Content-Length"], response.data) == (200, "8", b"")


def test_a_short_answer_that_breaks_off_is_a_502(listening: Listening, connect: Callable[..., FlaskClient]) -> None:
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf") as port:
        assert connect(f"http://127.0.0.1:{port}").get("/api/x").status_code == 502


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param("/api/x?a=1&b=%20%2f", "/api/x?a=1&b=%20%2f", id="a query stays as it is"),
        pytest.param("/api/x?q=caf%C3%A9&next=/a", "/api/x?q=caf%C3%A9&next=/a", id="accents"),
        pytest.param("/api/a%20b%3F", "/api/a%20b%3F", id="a path is quoted again"),
    ],
)
def test_the_address_is_the_same_on_the_other_side(fake: Fake, client: FlaskClient, given: str, sent: str) -> None:
    client.get(given)
    assert fake.seen[0][1] == sent


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
def test_other_methods_are_refused(fake: Fake, client: FlaskClient, method: str) -> None:
    response = client.open("/api/cats", method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert fake.seen == []


def test_a_body_that_is_too_large_is_refused(fake: Fake, client: FlaskClient) -> None:
    assert client.post("/api/cats", data=b"x" * 65_537).status_code == 413
    assert fake.seen == []


def test_an_answer_that_is_too_large_is_refused(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", b"", **{"Content-Length": str(9 * 1024 * 1024)})
    assert client.get("/api/cats").status_code == 502


def test_redirects_are_not_followed(fake: Fake, client: FlaskClient) -> None:
    fake.reply("/api/cats", b"", 302, Location="http://127.0.0.1:1/secret")
    assert client.get("/api/cats").status_code == 302


def test_event_streams_come_through_piece_by_piece(fake: Fake, client: FlaskClient) -> None:
    """The first event is there while the backend still holds the second back."""
    fake.hold["/api/events#next"] = threading.Event()
    headers = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", "Content-Length": ""}
    fake.reply("/api/events", b"data: 1\ndata: 2\n", **headers)
    fake.answers["/api/events"][1].pop("Content-Length")
    response = client.get("/api/events", headers={"Accept-Encoding": "gzip"}, buffered=False)
    pieces = iter(response.response)
    assert next(pieces) == b"data: 1\n"
    fake.hold["/api/events#next"].set()
    assert b"".join(pieces) == b"data: 2\n"
    response.close()


def test_drawings_are_compressed_for_those_who_can(fake: Fake, client: FlaskClient) -> None:
    drawing = b"<svg>" + b"<path/>" * 500 + b"</svg>"
    fake.reply("/cats/x.svg", drawing, **{"Content-Type": "image/svg+xml", "ETag": '"abc"'})
    response = client.get("/cats/x.svg", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == drawing
    assert len(response.data) < len(drawing) / 4
    assert response.headers["ETag"] == 'W/"abc"'
    assert client.get("/cats/x.svg").data == drawing


def test_a_closed_port_is_a_problem_with_its_hop(connect: Callable[..., FlaskClient], closed_port: int) -> None:
    response = connect(f"http://127.0.0.1:{closed_port}").get("/api/cats", headers={"Accept-Language": "fr"})
    problem = response.get_json()
    assert (response.status_code, response.mimetype) == (502, "application/problem+json")
    assert problem["hop"]["hop"] == "refused"
    assert problem["title"] == f"Connexion refusée sur le port {closed_port}"


def test_a_backend_that_never_answers_is_a_504(fake: Fake, client: FlaskClient) -> None:
    fake.hold["/api/cats"] = threading.Event()
    response = client.get("/api/cats")
    assert (response.status_code, response.get_json()["hop"]["hop"]) == (504, "no_answer")
