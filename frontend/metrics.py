"""Prometheus metrics of one application, in a registry of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from frontend.config import NAME

if TYPE_CHECKING:
    from frontend.config import Config


class Metrics:
    def __init__(self, config: Config) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "http_request_duration_seconds", "Time to the answer's headers.", ["route"], registry=self.registry
        )
        self.backend_up = Gauge("backend_up", "1 when the last look at the backend was fine.", registry=self.registry)
        info = Gauge("build_info", "What runs.", ["name", "version", "commit"], registry=self.registry)
        info.labels(NAME, config.version, config.commit).set(1)
