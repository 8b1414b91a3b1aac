"""What one application holds, and how a request finds it."""

from dataclasses import dataclass

from flask import current_app

from backend.cluster_status import ClusterStatus
from backend.config import Settings
from backend.faults.manager import FaultManager
from backend.identity import Identity
from backend.kubelet import Kubelet
from backend.metrics import Metrics
from backend.probe_log import ProbeLog
from backend.roulette.background import BackgroundTasks
from backend.roulette.streams import Streams
from backend.shared_state import SharedState
from service_runtime.health import Health
from service_runtime.lifecycle import Lifecycle


@dataclass(frozen=True)
class Context:
    """The parts of one application; two applications in one process share none of them."""

    settings: Settings
    lifecycle: Lifecycle
    health: Health
    identity: Identity
    metrics: Metrics
    shared: SharedState
    streams: Streams
    background: BackgroundTasks
    probe_log: ProbeLog
    kubelet: Kubelet
    faults: FaultManager
    cluster_status: ClusterStatus
    openapi: bytes


def context() -> Context:
    current: Context = current_app.extensions["context"]
    return current
