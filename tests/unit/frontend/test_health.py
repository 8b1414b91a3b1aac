"""The frontend's own health does not depend on the backend's."""

import pytest


@pytest.fixture
def lonely(connect, closed_port):
    """A frontend without a backend."""
    return connect(f"http://127.0.0.1:{closed_port}", version="2.0.0", commit="abc", colour="#123456")


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz", "/startupz"])
def test_healthy_without_a_backend(lonely, path):
    response = lonely.get(path)
    assert (response.status_code, response.get_json()["ok"]) == (200, True)


def test_draining_is_unready_but_alive(lonely):
    lonely.application.extensions["lifecycle"].drain()
    assert lonely.get("/readyz?verbose").text == "[-]shutdown failed: shutting down\nreadyz check failed\n"
    assert [lonely.get(path).status_code for path in ("/readyz", "/livez", "/")] == [503, 200, 200]


def test_version(lonely):
    assert lonely.get("/version").get_json() == {
        "name": "k8-chatroulette-front",
        "version": "2.0.0",
        "commit": "abc",
        "build_time": "unknown",
        "colour": "#123456",
    }


def test_metrics_count_requests_and_the_backend(lonely):
    lonely.get("/livez")
    lonely.get("/api/backend")
    text = lonely.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/livez",status="200"} 1.0' in text
    assert "backend_up 0.0" in text
    assert 'build_info{commit="abc",name="k8-chatroulette-front",version="2.0.0"} 1.0' in text
