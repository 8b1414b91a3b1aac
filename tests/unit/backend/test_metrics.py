import pytest

from backend import create_app


def value(client, line):
    found = [row for row in client.get("/metrics").text.splitlines() if row.startswith(line + " ")]
    return float(found[0].rsplit(" ", 1)[1]) if found else None


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        pytest.param("GET", "/version", 'method="GET",route="/version",status="200"', id="plain"),
        pytest.param("GET", "/cats/abc.svg", 'method="GET",route="/cats/<seed>.svg",status="200"', id="template"),
        pytest.param("GET", "/nowhere/9", 'method="GET",route="unmatched",status="404"', id="unmatched"),
        pytest.param("BREW", "/version", 'method="other",route="unmatched",status="405"', id="odd-method"),
    ],
)
def test_requests_are_counted_by_rule(client, method, path, labels):
    """By rule and never by path or odd method: a scanner must not make a series a request."""
    for _ in range(3):
        client.open(path, method=method)
    assert value(client, f"http_requests_total{{{labels}}}") == 3


def test_latency_is_observed(client):
    client.get("/version")
    assert value(client, 'http_request_duration_seconds_count{method="GET",route="/version"}') == 1
    assert value(client, 'http_request_duration_seconds_bucket{le="10.0",method="GET",route="/version"}') == 1


def test_in_flight_counts_the_one_that_asks_and_comes_back(client):
    client.get("/nowhere")
    assert [value(client, "http_requests_in_flight") for _ in range(2)] == [1, 1]


def test_two_applications_share_nothing(client, settings):
    client.get("/version")
    other = create_app(settings).test_client()
    assert value(other, 'http_requests_total{method="GET",route="/version",status="200"}') is None
