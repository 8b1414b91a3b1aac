"""Each request's id, its line in the log, its place in the metrics."""

import json
import logging
import re

import pytest

from backend import create_app
from backend.config import Settings
from service_runtime.logs import MOST_OF_HOST, JsonFormatter


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(settings, capsys):
    client = create_app(settings).test_client()
    client.get("/cats/abc.svg?mood=happy", headers={"X-Request-Id": "req-12.3_4"})
    (line,) = lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("time"))
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "info",
        "message": "request",
        "pod": "back-7d9",
        "request_id": "req-12.3_4",
        "method": "GET",
        "path": "/cats/abc.svg",
        "status": 200,
        "client": "127.0.0.1",
        "host": "localhost",
    }


def test_a_line_says_from_where_and_by_which_name_a_request_came(settings, capsys):
    client = create_app(settings).test_client()
    peer = {"REMOTE_ADDR": "10.244.0.7"}
    headers = {"Host": "k8-chatroulette-back:3000", "X-Forwarded-For": "192.0.2.1"}
    client.get("/version", headers=headers, environ_base=peer)
    (line,) = lines(capsys)
    assert (line["client"], line["host"]) == ("10.244.0.7", "k8-chatroulette-back:3000")


def test_a_long_host_is_cut(settings, capsys):
    client = create_app(settings).test_client()
    client.get("/version", headers={"Host": "c" * 9000})
    (line,) = lines(capsys)
    assert line["host"] == "c" * MOST_OF_HOST


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        pytest.param("abc-123", True, id="plain"),
        pytest.param("x" * 64, True, id="longest"),
        pytest.param("x" * 65, False, id="too-long"),
        pytest.param("a b", False, id="space"),
        pytest.param('"}{', False, id="quotes"),
        pytest.param("", False, id="empty"),
    ],
)
def test_only_a_plain_request_id_is_kept_and_others_are_new(client, header, kept):
    ids = [client.get("/version", headers={"X-Request-Id": header}).headers["X-Request-Id"] for _ in range(3)]
    if kept:
        assert ids == [header] * 3
    else:
        assert len({id_ for id_ in ids if re.fullmatch(r"[0-9a-f]{32}", id_)}) == 3


@pytest.mark.parametrize(("level", "written"), [("info", 0), ("debug", 6)])
def test_what_is_polled_is_logged_at_debug_only(capsys, level, written):
    client = create_app(Settings(log_level=level)).test_client()
    for path in ("/livez", "/readyz", "/startupz", "/healthz", "/metrics", "/api/house"):
        client.get(path)
    assert len(lines(capsys)) == written


def test_a_failure_has_its_traceback_in_the_same_line():
    try:
        {}["bowl"]
    except KeyError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "it %s", ("broke",), (KeyError, error, error.__traceback__)
        )
    text = JsonFormatter("p").format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["message"]) == ("error", "it broke")
    assert "KeyError: 'bowl'" in line["error"]


def metric(client, name):
    rows = [row for row in client.get("/metrics").text.splitlines() if row.startswith(name + " ")]
    return float(rows[0].rsplit(" ", 1)[1]) if rows else None


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        pytest.param("GET", "/version", 'method="GET",route="/version",status="200"', id="plain"),
        pytest.param("GET", "/cats/abc.svg", 'method="GET",route="/cats/<seed>.svg",status="200"', id="template"),
        pytest.param("GET", "/nowhere/9", 'method="GET",route="unmatched",status="404"', id="unmatched"),
        pytest.param("BREW", "/version", 'method="other",route="unmatched",status="405"', id="odd-method"),
    ],
)
def test_requests_are_counted_by_rule(client, settings, method, path, labels):
    """By rule and never by path or odd method: a scanner must not make a series a request."""
    for _ in range(3):
        client.open(path, method=method)
    assert metric(client, f"http_requests_total{{{labels}}}") == 3
    own = labels.rpartition(",")[0]
    assert metric(client, f"http_request_duration_seconds_count{{{own}}}") == 3
    assert metric(client, f'http_request_duration_seconds_bucket{{le="10.0",{own}}}') == 3
    other = create_app(settings).test_client()
    assert metric(other, f"http_requests_total{{{labels}}}") is None, "two applications share nothing"


def test_in_flight_counts_the_current_request_and_comes_back(client):
    client.get("/nowhere")
    assert [metric(client, "http_requests_in_flight") for _ in range(2)] == [1, 1]
