"""Prometheus metrics of the frontend, besides those of HTTP requests."""

from prometheus_client import Counter, Gauge

from frontend.config import NAME, Settings
from service_runtime.metrics import HttpMetrics


class Metrics(HttpMetrics):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.backend_up = Gauge("backend_up", "1 when the last look at the backend was fine.", registry=self.registry)
        self.cat_clicks = Counter("cat_clicks", "Clicks on a cat of the page.", registry=self.registry)
        info = Gauge("build_info", "What runs.", ["name", "version", "commit"], registry=self.registry)
        info.labels(NAME, settings.version, settings.commit).set(1)
