import pytest

from service_runtime.health import Outcome, Report, as_text
from service_runtime.lifecycle import Lifecycle, Phase

ALL = ["/livez", "/healthz", "/readyz", "/startupz"]


@pytest.mark.parametrize("path", ALL)
def test_a_serving_process_is_well(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json["ok"] is True
    assert all(
        check == {"name": check["name"], "ok": True, "reason": None, "critical": True}
        for check in answer.json["checks"]
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/livez", 200, id="alive"),
        pytest.param("/startupz", 200, id="started"),
        pytest.param("/readyz", 503, id="not-ready"),
    ],
)
def test_draining_only_takes_readiness_away(app, client, path, status):
    app.extensions["context"].lifecycle.drain()
    assert client.get(path).status_code == status
    assert client.get("/version").status_code == 200


def test_a_draining_process_says_so(app, client):
    app.extensions["context"].lifecycle.drain()
    checks = client.get("/readyz").json["checks"]
    assert [c for c in checks if not c["ok"]] == [
        {"name": "shutdown", "ok": False, "reason": "shutting down", "critical": True}
    ]


@pytest.mark.parametrize(("path", "status"), [("/livez", 200), ("/readyz", 503), ("/startupz", 503)])
def test_a_starting_process_is_alive_only(app, client, path, status):
    app.extensions["context"].lifecycle.phase = Phase.STARTING
    assert client.get(path).status_code == status


def test_a_draining_process_never_serves_again():
    lifecycle = Lifecycle()
    lifecycle.drain()
    lifecycle.serve()
    assert lifecycle.phase is Phase.DRAINING


def test_verbose_is_the_text_of_the_api_server(client):
    answer = client.get("/livez?verbose")
    assert (answer.text, answer.mimetype) == ("[+]ping ok\n[+]keeper ok\nlivez check passed\n", "text/plain")


def test_verbose_tells_the_reason_of_a_failure():
    report = Report("readyz", ok=False, checks=[Outcome("ping", ok=True), Outcome("redis", ok=False, reason="refused")])
    assert as_text(report) == "[+]ping ok\n[-]redis failed: refused\nreadyz check failed\n"


def test_what_is_not_critical_is_told_and_changes_nothing(app, client):
    app.extensions["context"].health.add("readyz", "redis", lambda: "refused", critical=False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ok"]) == (200, True)
    assert answer.json["checks"][-1] == {"name": "redis", "ok": False, "reason": "refused", "critical": False}
    assert client.get("/readyz?verbose").text.endswith("[-]redis failed: refused (not critical)\nreadyz check passed\n")


def test_what_is_critical_counts(app, client):
    app.extensions["context"].health.add("readyz", "redis", lambda: "refused")
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200
