"""Prometheus metrics of HTTP requests and of the process."""

from flask import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Upper bounds in seconds: most answers here take less than a millisecond."""


class HttpMetrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("method", "route")
        self.requests = Counter("http_requests", "Requests answered.", (*labels, "status"), registry=self.registry)
        self.latency = Histogram(
            "http_request_duration_seconds",
            "Time to an answer's headers.",
            labels,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge("http_requests_in_flight", "Requests being answered.", registry=self.registry)
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the rule (`/cats/<seed>.svg`), never the path, so that series stay few."""
        key = (method if method in METHODS else "other", route, status)
        requests, latency = self._series.get(key) or self._add(key)
        requests.inc()
        latency.observe(seconds)

    def _add(self, key: tuple[str, str, int]) -> tuple[Counter, Histogram]:
        """Look the two series up once: their labels are few, their requests many."""
        self._series[key] = (self.requests.labels(*key), self.latency.labels(*key[:2]))
        return self._series[key]

    def exposition(self) -> Response:
        return Response(generate_latest(self.registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
