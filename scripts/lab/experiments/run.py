"""One run of an experiment: when it began, and its whole result with the versions of the cluster that it was run on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lab import docker
from lab.experiments import catalog
from lab.experiments.results import ClusterVersions, Experiment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Settings
    from lab.experiments.catalog import Entry
    from lab.experiments.results import Expectation, Timeline
    from lab.kubernetes.client import Api


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
        judged = [*expectations, *parts.get("cells", ()), *parts.get("flips", ())]
        return Experiment(
            experiment=self.entry.id,
            title=self.entry.title,
            question=self.entry.question,
            cluster=cluster,
            began=self.began.isoformat(timespec="seconds"),
            seconds=round((datetime.now(UTC) - self.began).total_seconds(), 2),
            agrees=all(part.agrees for part in judged),
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
