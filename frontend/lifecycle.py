"""Whether this process is being stopped."""

from __future__ import annotations

import threading


class Lifecycle:
    def __init__(self) -> None:
        self._draining = threading.Event()

    def drain(self) -> None:
        """Become un-ready: new requests should go elsewhere, those that still come are served."""
        self._draining.set()

    @property
    def draining(self) -> bool:
        return self._draining.is_set()
