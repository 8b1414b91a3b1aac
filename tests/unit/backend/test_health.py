import pytest

from service_runtime.lifecycle import Lifecycle, Phase

ALL = ["/livez", "/healthz", "/readyz", "/startupz"]


@pytest.fixture
def lifecycle(app):
    return app.extensions["lifecycle"]


@pytest.fixture
def health(app):
    return app.extensions["context"].health


@pytest.mark.parametrize("path", ALL)
def test_a_serving_process_is_well(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json["ok"]) == (200, True)
    assert all(check["ok"] and check["critical"] and check["reason"] is None for check in answer.json["checks"])


@pytest.mark.parametrize(
    ("phase", "unwell"),
    [
        pytest.param(Phase.STARTING, {"/readyz": "still starting", "/startupz": "still starting"}, id="starting"),
        pytest.param(Phase.DRAINING, {"/readyz": "shutting down"}, id="draining"),
    ],
)
def test_the_phase_decides_readiness_and_startup_never_liveness(lifecycle, client, phase, unwell):
    lifecycle.phase = phase
    for path in ALL:
        answer = client.get(path)
        reasons = [check["reason"] for check in answer.json["checks"] if not check["ok"]]
        assert (answer.status_code, reasons) == ((503, [unwell[path]]) if path in unwell else (200, []))
    assert client.get("/version").status_code == 200


def test_a_draining_process_never_serves_again():
    lifecycle = Lifecycle()
    lifecycle.drain()
    lifecycle.serve()
    assert lifecycle.phase is Phase.DRAINING


def test_verbose_is_the_text_of_the_api_server(client):
    answer = client.get("/livez?verbose")
    assert (answer.text, answer.mimetype) == ("[+]ping ok\n[+]keeper ok\nlivez check passed\n", "text/plain")


@pytest.mark.parametrize(
    ("critical", "status", "end"),
    [
        pytest.param(True, 503, "[-]redis failed: refused\nreadyz check failed\n", id="critical"),
        pytest.param(False, 200, "[-]redis failed: refused (not critical)\nreadyz check passed\n", id="not-critical"),
    ],
)
def test_only_a_critical_check_counts(health, client, critical, status, end):
    health.add("readyz", "redis", lambda: "refused", critical=critical)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["ok"]) == (status, status == 200)
    assert answer.json["checks"][-1] == {"name": "redis", "ok": False, "reason": "refused", "critical": critical}
    assert client.get("/readyz?verbose").text.endswith(end)
    assert client.get("/livez").status_code == 200
