"""Puts an experiment in time together: its expectations and timelines, with the cluster on which it was so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab import docker
from lab.experiments import catalog
from lab.experiments.results import ClusterSeen, Experiment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Settings
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Expectation, Timeline
    from lab.kubernetes.client import Api


@dataclass(frozen=True)
class Begun:
    """An experiment that has begun: what it is, and when (UTC)."""

    entry: Entry
    at: datetime

    def ended(
        self, cluster: ClusterSeen, expectations: Sequence[Expectation], timelines: Sequence[Timeline]
    ) -> Experiment:
        """Return the whole result."""
        now = datetime.now(UTC)
        return Experiment(
            experiment=self.entry.id,
            title=self.entry.title,
            question=self.entry.question,
            cluster=cluster,
            began=self.at.isoformat(timespec="seconds"),
            seconds=round((now - self.at).total_seconds(), 2),
            agrees=all(one.agrees for one in expectations),
            expectations=tuple(expectations),
            timelines=tuple(timelines),
        )


def begin(name: str) -> Begun:
    """Begin the experiment of that id now."""
    return Begun(catalog.find(name), datetime.now(UTC))


def cluster_seen(settings: Settings, api: Api) -> ClusterSeen:
    """Read the versions that decide; the cgroup's is asked of the node, as the API does not tell it."""
    (node, *_) = api.items("/api/v1/nodes")
    info = node["status"]["nodeInfo"]
    kind = docker.docker("exec", settings.node, "stat", "-fc", "%T", "/sys/fs/cgroup")
    return ClusterSeen(
        name=settings.cluster,
        kubernetes=info["kubeletVersion"],
        runtime=info["containerRuntimeVersion"],
        kernel=info["kernelVersion"],
        cgroup="v2" if kind == "cgroup2fs" else "v1",
        node=node["metadata"]["name"],
    )
