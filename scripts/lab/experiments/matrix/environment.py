"""The stage of a matrix: its namespaces, Services, Pods, guests and copies, made side by side and gone at the end."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab import waiting
from lab.errors import LabError
from lab.experiments.matrix import engine
from lab.experiments.run import cluster_versions
from lab.kubernetes import client
from lab.kubernetes.namespaces import temporary_namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.config import Settings
    from lab.experiments.matrix.engine import Hand, Matrix, Try
    from lab.experiments.matrix.manifests import Cast, Copy, Guests
    from lab.experiments.results import ClusterVersions, Experiment
    from lab.kubernetes.client import Api
    from lab.kubernetes.objects import Object
    from lab.steps import Report


UP = 120.0
AT_ONCE = 8
_HOPELESS = {"ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "InvalidImageName"}
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_STAYS = ("sleep", "infinity")


@dataclass
class Stage:
    """A stage that stands; ``namespaces`` are its own, the main one first.

    The seconds of its first look count from ``began``, when it was being made; those of a later look from its own.
    """

    hand: Hand
    experiment: Matrix
    namespaces: tuple[str, ...]
    cluster: ClusterVersions
    report: Report
    began: tuple[datetime, float]
    tries: Sequence[Try] = ()

    def look(self) -> Experiment:
        """Read the live objects anew, predict, measure and explain; may be called again. Raises LabError."""
        self.report("measuring")
        world = engine.read(self.hand, self.namespaces)
        tries = engine.tries_on(self.experiment, world, self.namespaces, self.tries)
        # An init container has run, and asked, once: what has changed since is not its matter.
        self.tries = [one for one in tries if one.vantage.kind != "init"] if self.tries else tries
        found = engine.look(self.hand, self.experiment, (world, self.tries), self.cluster, self.began)
        self.began = _now()
        return found


@contextlib.contextmanager
def staged(settings: Settings, api: Api, image: str, experiment: Matrix, report: Report) -> Iterator[Stage]:
    """Set the stage of a matrix up, yield it once everything on it runs, and take it away. Raises LabError."""
    hand, began = engine.Hand(settings, api, image), _now()
    report("making its namespaces")
    with (
        ThreadPoolExecutor(AT_ONCE) as pool,
        temporary_namespaces(api, experiment.id, *experiment.spaces) as namespaces,
    ):
        asked = pool.submit(cluster_versions, settings, api)
        _set_up(hand, experiment, namespaces, pool, report)
        report("waiting until the network follows")
        engine.settle(hand, experiment, namespaces)
        yield Stage(hand, experiment, tuple(namespaces), asked.result(), report, began)


def _now() -> tuple[datetime, float]:
    return datetime.now(UTC), time.monotonic()


def _set_up(
    hand: Hand, experiment: Matrix, namespaces: Sequence[str], pool: ThreadPoolExecutor, report: Report
) -> None:
    world = engine.read(hand, namespaces)
    cast = experiment.cast(world, hand.image, namespaces)
    report(f"making {len(cast.services)} Services")
    services = list(pool.map(lambda one: _create(hand.api, one, "services"), cast.services))
    wanted = cast.pods(services)
    report(f"making {len(wanted) + len(cast.copies)} Pods")
    list(pool.map(lambda one: _create(hand.api, one, "pods"), wanted))
    further = [pool.submit(_copy, hand, namespaces[0], one) for one in cast.copies]
    further += [pool.submit(_invite, hand.api, namespaces[0], one) for one in cast.guests]
    for one in further:
        one.result()
    _up(hand.api, namespaces, cast, report)


def _create(api: Api, one: Object, kind: str) -> Object:
    made: Object = api.call("POST", f"/api/v1/namespaces/{one['metadata']['namespace']}/{kind}", one)
    return made


def _copy(hand: Hand, namespace: str, copy: Copy) -> None:
    """Copy a Pod as a person would type it; the copy's container sleeps."""
    client.kubectl(
        hand.settings,
        *("debug", copy.of, "--namespace", namespace, "--copy-to", copy.name, "--container", copy.container),
        *("--image", hand.image, "--", *_STAYS),
    )


def _invite(api: Api, namespace: str, guests: Guests) -> None:
    """Add ephemeral containers to a Pod, all in one step."""
    path = f"/api/v1/namespaces/{namespace}/pods/{guests.pod}"

    def look() -> tuple[bool, str]:
        found = api.get(path)
        if found is None:
            raise LabError(f"the Pod {guests.pod} is gone")
        return runs(found, guests.after, guests.apart, datetime.now(UTC)), told(found)

    hint = "if it runs, its startup probe has not passed"
    waiting.until(f"the start of container {guests.after} of {guests.pod}", look, timeout=UP, hint=hint)
    patch = {"spec": {"ephemeralContainers": list(guests.containers)}}
    api.call("PATCH", f"{path}/ephemeralcontainers", patch, media=client.STRATEGIC)


def runs(pod: Object, container: str, seconds: float, now: datetime) -> bool:
    """Tell whether a container of a Pod has started, by its startup probe too, and run for so many seconds."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    found: Object = next((one for one in statuses if one["name"] == container and one.get("started")), {})
    since = found.get("state", {}).get("running", {}).get("startedAt")
    return bool(since) and (now - datetime.fromisoformat(since)).total_seconds() >= seconds


def _up(api: Api, namespaces: Sequence[str], cast: Cast, report: Report) -> None:
    """Wait until all Pods and guests are there; raises TimedOut with what is missing, LabError where it is in vain."""

    def look() -> tuple[bool, str]:
        found = [one for name in namespaces for one in api.items(f"/api/v1/namespaces/{name}/pods")]
        missing = [told(one) for one in found if not there(one, one["metadata"]["name"] in cast.unready)]
        return not missing, "; ".join(missing) or "all there"

    waiting.until("the Pods", look, timeout=UP, hint="`kubectl describe pod` says more", on_state=_brief(report))


def _brief(report: Report) -> Callable[[str], None]:
    return lambda state: report(f"waiting for {state}"[:120])


def there(pod: Object, unready: bool = False) -> bool:  # noqa: FBT001, FBT002 - a fact about the Pod
    """Tell whether a Pod is as it is to be: its containers run, its guests too, and it is Ready unless it never is.

    Raises LabError where a container will never start.
    """
    states = _states(pod)
    for name, state in states.items():
        waits = state.get("waiting", {})
        if waits.get("reason") in _HOPELESS:
            raise LabError(f"container {name} of {pod['metadata']['name']} does not start: {waits.get('message')}")
    going = [one["name"] for key in ("containers", "ephemeralContainers") for one in pod["spec"].get(key) or []]
    run = all("running" in states.get(name, {}) for name in going)
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return run and (ready or unready)


def told(pod: Object) -> str:
    """Say in a few words how a Pod stands."""
    states = [f"{name} {_word(state)}" for name, state in _states(pod).items()]
    return f"{pod['metadata']['name']}: {', '.join(states) or pod.get('status', {}).get('phase', 'nothing yet')}"


def _word(state: Object) -> str:
    kind, more = next(iter(state.items()), ("unknown", None))
    return str((more or {}).get("reason") or kind)


def _states(pod: Object) -> dict[str, Object]:
    status = pod.get("status", {})
    return {one["name"]: one.get("state", {}) for key in _STATUSES for one in status.get(key) or []}
