import json
import logging
import re

import pytest

from backend import create_app
from backend.config import Settings
from service_runtime.logs import JsonFormatter


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line(settings, capsys):
    client = create_app(settings).test_client()
    client.get("/cats/abc.svg?mood=happy", headers={"X-Request-Id": "req-12.3_4"})
    (line,) = lines(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("time"))
    assert 0 <= line.pop("duration_ms") < 1000
    assert line == {
        "level": "info",
        "message": "request",
        "pod": "back-7d9",
        "request_id": "req-12.3_4",
        "method": "GET",
        "path": "/cats/abc.svg",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("abc-123", True, id="sane"),
        pytest.param("x" * 64, True, id="longest"),
        pytest.param("x" * 65, False, id="too-long"),
        pytest.param("a b", False, id="space"),
        pytest.param('"}{', False, id="quotes"),
        pytest.param("", False, id="empty"),
    ],
)
def test_only_a_sane_request_id_is_kept(client, given, kept):
    answered = client.get("/version", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert (answered == given) is kept
    assert re.fullmatch(r"[0-9a-f]{32}", answered) or kept


def test_request_ids_differ(client):
    assert len({client.get("/version").headers["X-Request-Id"] for _ in range(5)}) == 5


@pytest.mark.parametrize(("level", "written"), [("info", 0), ("debug", 5)])
def test_probes_are_told_at_debug_only(capsys, level, written):
    client = create_app(Settings(log_level=level)).test_client()
    for path in ("/livez", "/readyz", "/startupz", "/healthz", "/metrics"):
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
