"""Figures for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from backend.context import context

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Upper bounds in seconds: most answers here take less than a millisecond."""

routes = Blueprint("metrics", __name__)


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self) -> None:
        """Begin at zero."""
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
        self.streams = Gauge("roulette_streams", "Event streams that this Pod holds.", registry=self.registry)
        self.visitors = Gauge("roulette_visitors", "Visitors with a stream here.", registry=self.registry)
        self.messages = Counter("roulette_messages", "Messages accepted, repeats apart.", registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the rule (`/cats/<seed>.svg`), never the path, so that series stay few."""
        key = (method if method in METHODS else "other", route, status)
        requests, latency = self._series.get(key) or self._find(key)
        requests.inc()
        latency.observe(seconds)

    def _find(self, key: tuple[str, str, int]) -> tuple[Counter, Histogram]:
        """Look the two series up once: their labels are few, their requests many."""
        self._series[key] = (self.requests.labels(*key), self.latency.labels(*key[:2]))
        return self._series[key]


@routes.get("/metrics")
def metrics() -> Response:
    """Give all figures in Prometheus' text format."""
    return Response(generate_latest(context().metrics.registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
