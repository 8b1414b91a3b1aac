"""Who answers: the version, and the Pod, its place and its resources."""

from datetime import UTC, datetime

import msgspec

from backend import cgroup
from backend.config import Settings
from service_runtime.responses import encode
from service_runtime.version import version

NAME = "k8-chatroulette-back"


class Container(msgspec.Struct, frozen=True):
    """The container's name, what it asked for (downward API), and what its cgroup allows and counts."""

    name: str | None
    cpu_request_millicores: int | None
    memory_request_bytes: int | None
    cgroup_version: int | None
    cpu: cgroup.Cpu
    memory: cgroup.Memory


class WhoAmI(msgspec.Struct, frozen=True):
    """The Pod's identity (downward API) and its container's resources; null is what is not known."""

    pod: str
    namespace: str | None
    node: str | None
    ips: list[str]
    service_account: str | None
    version: str
    colour: str
    started_at: datetime
    uptime_seconds: float
    container: Container


class Identity:
    """What the settings say about this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.version = version(NAME, settings)
        self.version_json = encode(self.version)
        addresses = (settings.pod_ips or settings.pod_ip or "").split(",")
        self.ips = [address.strip() for address in addresses if address.strip()]

    def whoami(self, started_at: float, uptime: float) -> WhoAmI:
        settings, usage = self.settings, cgroup.read()
        return WhoAmI(
            pod=settings.pod,
            namespace=settings.pod_namespace,
            node=settings.node_name,
            ips=self.ips,
            service_account=settings.service_account,
            version=settings.version,
            colour=self.version.colour,
            started_at=datetime.fromtimestamp(started_at, UTC),
            uptime_seconds=round(uptime, 3),
            container=Container(
                settings.container_name,
                settings.cpu_request_millicores,
                settings.memory_request_bytes,
                usage.version,
                usage.cpu,
                usage.memory,
            ),
        )
