"""One run of an experiment: when it began, and its whole result with the versions of the cluster that it was run on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lab import docker, waiting
from lab.config import Settings
from lab.experiments import catalog
from lab.experiments.catalog import Entry
from lab.experiments.results import ClusterVersions, Expectation, Experiment, Timeline, differs
from lab.kubernetes.client import Api

DNS_WITHIN = 60.0
"""Seconds that the cluster's DNS may take on a cluster that is otherwise up."""
_SLICES = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
_HINT = "kubectl -n kube-system rollout status deployment coredns"


@dataclass(frozen=True)
class Run:
    """An experiment that has begun, and when (UTC)."""

    entry: Entry
    began: datetime

    def ended(
        self,
        cluster: ClusterVersions,
        expectations: Sequence[Expectation] = (),
        timelines: Sequence[Timeline] = (),
        **parts: Any,
    ) -> Experiment:
        """Return the whole result; ``parts`` are further fields of it, such as ``cells``."""
        judged = [*expectations, *parts.get("cells", ()), *parts.get("flips", ()), *parts.get("claims", ())]
        return Experiment(
            experiment=self.entry.id,
            title=self.entry.title,
            question=self.entry.question,
            cluster=cluster,
            began=self.began.isoformat(timespec="seconds"),
            seconds=round((datetime.now(UTC) - self.began).total_seconds(), 2),
            agrees=not any(map(differs, judged)),
            expectations=tuple(expectations),
            timelines=tuple(timelines),
            **parts,
        )


def begin(name: str) -> Run:
    """Begin the experiment of that id now."""
    return Run(catalog.find(name), datetime.now(UTC))


def cluster_versions(settings: Settings, api: Api) -> ClusterVersions:
    """Read the versions that decide; the cgroup's is read on the node, as the API does not give it."""
    (node, *_) = api.items("/api/v1/nodes")
    info = node["status"]["nodeInfo"]
    file_system = docker.docker("exec", settings.node, "stat", "-fc", "%T", "/sys/fs/cgroup")
    return ClusterVersions(
        name=settings.cluster,
        kubernetes=info["kubeletVersion"],
        runtime=info["containerRuntimeVersion"],
        kernel=info["kernelVersion"],
        cgroup="v2" if file_system == "cgroup2fs" else "v1",
        node=node["metadata"]["name"],
    )


def until_dns_is_ready(api: Api, *, timeout: float = DNS_WITHIN, on_state: Callable[[str], None] | None = None) -> None:
    """Wait until the Service kube-dns has an endpoint that is ready; raises TimedOut after ``timeout`` seconds.

    Without it every name ends in a time-out. ``on_state`` gets what is wanting, and nothing where nothing is.
    """

    def look() -> tuple[bool, str]:
        slices = api.items(_SLICES, labelSelector="kubernetes.io/service-name=kube-dns")
        endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
        ready = any((endpoint.get("conditions") or {}).get("ready") for endpoint in endpoints)
        return ready, "" if ready else f"none of its {len(endpoints)} endpoints is ready"

    waiting.until(
        "the cluster's DNS, the Service kube-dns", look, timeout=timeout, interval=0.5, hint=_HINT, on_state=on_state
    )
