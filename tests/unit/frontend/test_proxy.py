"""What is proxied to the backend, what is not, and what is answered when that fails."""

import gzip

import pytest

from .servers import STREAM_START


def test_a_response_is_proxied_whole(fake, client):
    headers = {"Content-Type": "image/svg+xml", "ETag": '"abc"', "Cache-Control": "max-age=9"}
    fake.reply("/cats/x.svg", b"<svg/>", **headers)
    response = client.get("/cats/x.svg?mood=smug")
    assert (response.status_code, response.data, response.mimetype) == (200, b"<svg/>", "image/svg+xml")
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"abc"', "max-age=9")
    assert fake.paths() == ["/cats/x.svg?mood=smug"]


def test_a_post_is_proxied_with_its_body(fake, client):
    fake.reply("/api/visitors", {"visitor": "x"}, 201)
    response = client.post("/api/visitors", json={"a": 1})
    assert (response.status_code, response.get_json()) == (201, {"visitor": "x"})
    assert (fake.requests[0][0], fake.requests[0][3]) == ("POST", b'{"a": 1}')


def test_the_backends_own_errors_are_proxied(fake, client):
    fake.reply("/api/cats", {"title": "no"}, 503, **{"Content-Type": "application/problem+json"})
    response = client.get("/api/cats")
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")


def test_another_servers_error_is_not_proxied_as_ours(fake, client):
    """A Service that leads to another server answers 404 to everything: that says nothing about a visitor."""
    fake.reply("/api/visitors/x", b"not found", 404, **{"Content-Type": "text/plain"})
    response = client.get("/api/visitors/x")
    assert (response.status_code, response.get_json()["hop"]["hop"]) == (502, "not_ours")


@pytest.mark.parametrize(("request_id", "is_kept"), [("abc-1", True), ("a b", False)])
def test_the_request_id_is_sent_on_where_it_is_valid(fake, client, request_id, is_kept):
    fake.reply("/api/cats", {})
    response = client.get("/api/cats", headers={"X-Request-Id": request_id})
    sent = fake.requests[0][2]["X-Request-Id"]
    assert (sent == request_id) is is_kept
    assert sent.replace("-", "").isalnum()
    assert response.headers.getlist("X-Request-Id") == [sent]


def test_hop_by_hop_headers_and_cookies_are_dropped(fake, client):
    fake.reply("/api/cats", {}, **{"Set-Cookie": "a=b", "Keep-Alive": "timeout=5", "X-Kept": "yes"})
    headers = {"Connection": "keep-alive, X-Private", "X-Private": "1", "TE": "trailers", "Cookie": "a=b", "X-Own": "1"}
    response = client.get("/api/cats", headers=headers)
    received = fake.requests[0][2]
    assert (received["Connection"], received["X-Own"]) == ("close", "1")
    assert {"X-Private", "Te", "TE", "Cookie"}.isdisjoint(received)
    assert {"Set-Cookie", "Keep-Alive"}.isdisjoint(response.headers.keys())
    assert response.headers["X-Kept"] == "yes"


@pytest.mark.parametrize(
    "path",
    ["/faults/crash", "/api/../faults/crash", "/api/x/..%5c..%5cfaults", "/version/x"],
)
def test_nothing_else_is_reachable(fake, client, path):
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert fake.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/faults", id="list"),
        pytest.param("POST", "/faults/crash?pod=back-1", id="start"),
        pytest.param("DELETE", "/faults/crash", id="stop one"),
        pytest.param("DELETE", "/faults", id="stop all"),
    ],
)
def test_faults_are_proxied_only_where_they_are_switched_on(fake, connect, method, path):
    """With the headers by which the backend refuses what is not this page."""
    fake.reply(path.partition("?")[0], {"pod": "back-1"}, 202)
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
    assert connect(fake.url).open(path, method=method, headers=headers).status_code == 404
    assert fake.requests == []
    assert connect(fake.url, FAULTS="on").open(path, method=method, headers=headers).status_code == 202
    assert [request[:2] for request in fake.requests] == [(method, path)]
    assert headers.items() <= fake.requests[0][2].items()


def test_a_repeated_header_is_kept(raw_server, connect):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLink: A\r\nLink: B\r\n\r\n")
    assert connect(server.url).get("/api/x").headers.getlist("Link") == ["A", "B"]


def test_head_has_the_length_and_no_body(fake, client):
    fake.reply("/api/cats", {"a": 1})
    response = client.head("/api/cats")
    assert (response.status_code, response.headers["Content-Length"], response.data) == (200, "8", b"")


def test_a_truncated_short_body_is_a_502(raw_server, connect):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
    assert connect(server.url).get("/api/x").status_code == 502


@pytest.mark.parametrize("path", ["/api/x?a=1&b=%20%2f", "/api/x?q=caf%C3%A9&next=/a", "/api/a%20b%3F"])
def test_the_url_is_the_same_for_the_backend(fake, client, path):
    client.get(path)
    assert fake.paths() == [path]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
def test_other_methods_are_refused(fake, client, method):
    response = client.open("/api/cats", method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert fake.requests == []


def test_a_request_that_is_too_large_is_refused(fake, client):
    assert client.post("/api/cats", data=b"x" * 65_537).status_code == 413
    assert fake.requests == []


def test_a_response_that_is_too_large_is_refused(fake, client):
    fake.reply("/api/cats", b"", **{"Content-Length": str(9 * 1024 * 1024)})
    assert client.get("/api/cats").status_code == 502


def test_a_long_response_is_proxied(fake, client):
    body = b"x" * 1_000_000
    fake.reply("/api/cats", body)
    assert client.get("/api/cats").data == body


def test_redirects_are_not_followed(fake, client):
    fake.reply("/api/cats", b"", 302, Location="http://127.0.0.1:1/secret")
    assert client.get("/api/cats").status_code == 302


def test_event_streams_are_proxied_event_by_event(raw_server, connect):
    """The first event is there while the backend still holds the second back."""
    server = raw_server(STREAM_START, keep_open=True)
    response = connect(server.url).get("/api/events", headers={"Accept-Encoding": "gzip"}, buffered=False)
    chunks = iter(response.response)
    assert next(chunks) == b"retry: 1000\n\n"
    connection = server.connections.get(timeout=5)
    connection.send_chunk(b"data: 2\n\n")
    assert next(chunks) == b"data: 2\n\n"
    response.close()


def test_drawings_are_compressed_where_that_is_accepted(fake, client):
    drawing = b"<svg>" + b"<path/>" * 500 + b"</svg>"
    fake.reply("/cats/x.svg", drawing, **{"Content-Type": "image/svg+xml", "ETag": '"abc"'})
    response = client.get("/cats/x.svg", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == drawing
    assert len(response.data) < len(drawing) / 4
    assert response.headers["ETag"] == 'W/"abc"'
    assert client.get("/cats/x.svg").data == drawing


def test_a_closed_port_is_a_problem_with_its_diagnosis(connect, closed_port):
    response = connect(f"http://127.0.0.1:{closed_port}").get("/api/cats", headers={"Accept-Language": "fr"})
    problem = response.get_json()
    assert (response.status_code, response.mimetype) == (502, "application/problem+json")
    assert problem["hop"]["hop"] == "refused"
    assert problem["title"] == f"Connexion refusée sur le port {closed_port}"


def test_a_backend_that_never_answers_is_a_504(fake, client):
    fake.gate("/api/cats")
    response = client.get("/api/cats")
    assert (response.status_code, response.get_json()["hop"]["hop"]) == (504, "no_answer")
