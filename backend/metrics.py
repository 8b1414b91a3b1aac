"""Prometheus metrics of the roulette, besides those of HTTP requests."""

from prometheus_client import Counter, Gauge

from service_runtime.metrics import HttpMetrics


class Metrics(HttpMetrics):
    def __init__(self) -> None:
        super().__init__()
        self.streams = Gauge("roulette_streams", "Event streams that this Pod holds.", registry=self.registry)
        self.visitors = Gauge("roulette_visitors", "Visitors with a stream here.", registry=self.registry)
        self.messages = Counter("roulette_messages", "Messages accepted, repeats apart.", registry=self.registry)
