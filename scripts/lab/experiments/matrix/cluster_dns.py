"""The cluster's DNS: it comes up a few seconds after the cluster, and without it every name ends in a time-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.kubernetes.client import Api

WITHIN = 60.0
"""Seconds that it may take on a cluster that is otherwise up."""
_SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
_HINT = "kubectl -n kube-system rollout status deployment coredns"


def until_ready(api: Api, *, timeout: float = WITHIN, on_state: Callable[[str], None] | None = None) -> None:
    """Wait until the Service kube-dns has an endpoint that is ready; raises TimedOut after ``timeout`` seconds.

    ``saw`` is told what is wanting, and nothing where nothing is.
    """

    def look() -> tuple[bool, str]:
        slices = api.items(_SLICES, labelSelector="kubernetes.io/service-name=kube-dns")
        endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
        ready = any((endpoint.get("conditions") or {}).get("ready") for endpoint in endpoints)
        return ready, "" if ready else f"none of its {len(endpoints)} endpoints is ready"

    waiting.until(
        "the cluster's DNS, the Service kube-dns", look, timeout=timeout, interval=0.5, hint=_HINT, on_state=on_state
    )
