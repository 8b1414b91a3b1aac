"""What is proxied to the backend, what is not, and what is answered when that fails."""

import gzip

import pytest

PROBLEM = "application/problem+json"


PROXIED = {
    "GET": ("GET", b"body", 200, {"ETag": '"abc"', "Cache-Control": "max-age=9"}),
    "HEAD": ("HEAD", b"body", 200, {"Content-Length": "4"}),
    "POST": ("POST", b"body", 201, {}),
    "DELETE": ("DELETE", b"", 204, {}),
    "long": ("GET", b"x" * 1_000_000, 200, {}),
    "the backend's own error": ("GET", b"body", 503, {"Retry-After": "3", "Content-Type": PROBLEM}),
    "redirects are not followed": ("GET", b"body", 302, {"Location": "http://127.0.0.1:1/x"}),
}


@pytest.mark.parametrize("case", PROXIED.values(), ids=PROXIED)
def test_a_response_is_proxied_whole(fake, client, case):
    method, body, status, headers = case
    fake.reply("/api/cats", body, status, **headers)
    response = client.open("/api/cats?mood=smug", method=method, data=b"sent")
    assert (response.status_code, response.data) == (status, b"" if method == "HEAD" else body)
    assert headers.items() <= dict(response.headers).items()
    assert [(sent[0], sent[1], sent[3]) for sent in fake.requests] == [(method, "/api/cats?mood=smug", b"sent")]


@pytest.mark.parametrize(("request_id", "is_kept"), [("abc-1", True), ("a b", False)])
def test_the_request_id_is_sent_on_where_it_is_valid(fake, client, request_id, is_kept):
    response = client.get("/api/cats", headers={"X-Request-Id": request_id})
    sent = fake.requests[0][2]["X-Request-Id"]
    assert (sent == request_id) is is_kept
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


UNREACHABLE = {
    "a fault, where FAULTS is off": ("GET", "/faults/crash", 404),
    "dots": ("GET", "/api/../faults/crash", 404),
    "quoted dots": ("GET", "/api/%2e%2e/faults/crash", 404),
    "backslashes": ("GET", "/api/x/..%5c..%5cfaults", 404),
    "another path": ("GET", "/version/x", 404),
    "PUT": ("PUT", "/api/cats", 405),
    "PATCH": ("PATCH", "/api/cats", 405),
    "TRACE": ("TRACE", "/api/cats", 405),
}


@pytest.mark.parametrize(("method", "path", "status"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_what_does_not_reach_the_backend(fake, client, method, path, status):
    response = client.open(path, method=method)
    assert (response.status_code, response.mimetype) == (status, PROBLEM)
    assert ("GET" in response.headers.get("Allow", "")) is (status == 405)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/faults"), ("POST", "/faults/crash?pod=back-1"), ("DELETE", "/faults/crash"), ("DELETE", "/faults")],
)
def test_faults_are_proxied_only_where_they_are_switched_on(fake, connect, method, path):
    """With the header by which the backend refuses what is not a program's or this page's."""
    fake.reply(path.partition("?")[0], {"pod": "back-1"}, 202)
    headers = {"Content-Type": "text/plain"}
    statuses = [
        connect(fake.url, faults=switch).open(path, method=method, headers=headers).status_code
        for switch in ("off", "on")
    ]
    assert statuses == [404, 202]
    assert [request[:2] for request in fake.requests] == [(method, path)]
    assert headers.items() <= fake.requests[0][2].items()


def test_a_repeated_header_is_kept(raw_server, connect):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLink: A\r\nLink: B\r\n\r\n")
    assert connect(server.url).get("/api/x").headers.getlist("Link") == ["A", "B"]


@pytest.mark.parametrize("path", ["/api/x?a=1&b=%20%2f", "/api/x?q=caf%C3%A9&next=/a", "/api/a%20b%3F"])
def test_the_url_is_the_same_for_the_backend(fake, client, path):
    client.get(path)
    assert fake.paths() == [path]


def test_drawings_are_compressed_where_that_is_accepted(fake, client):
    drawing = b"<svg>" + b"<path/>" * 500 + b"</svg>"
    fake.reply("/cats/x.svg", drawing, **{"Content-Type": "image/svg+xml", "ETag": '"abc"'})
    response = client.get("/cats/x.svg", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == drawing
    assert len(response.data) < len(drawing) / 4
    assert response.headers["ETag"] == 'W/"abc"'
    assert client.get("/cats/x.svg").data == drawing


@pytest.mark.parametrize(
    ("reply", "status", "outcome"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", 502, "not_http", id="truncated"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", 502, None, id="too large"),
        pytest.param(b"HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n", 502, "not_ours", id="another server's error"),
        pytest.param(None, 504, "no_answer", id="silent"),
    ],
)
def test_a_response_that_cannot_be_used_is_a_problem(raw_server, connect, reply, status, outcome):
    """Another server answers 404 to everything: that says nothing about a visitor."""
    response = connect(raw_server(reply).url).get("/api/visitors/x")
    assert (response.status_code, response.mimetype) == (status, PROBLEM)
    assert response.get_json().get("hop", {}).get("hop") == outcome


def test_a_closed_port_is_a_problem_with_its_diagnosis(connect, closed_port):
    response = connect(f"http://127.0.0.1:{closed_port}").get("/api/cats", headers={"Accept-Language": "fr"})
    problem = response.get_json()
    assert (response.status_code, problem["hop"]["hop"]) == (502, "refused")
    assert problem["title"] == f"Connexion refusée sur le port {closed_port}"
