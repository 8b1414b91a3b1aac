"""The cluster's registry: one container on kind's network, its data in a volume that outlives it.

Nodes find it as a mirror of the names that the course uses; this computer at a port that Docker chose.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab import docker, ownership, registry_access, shell, waiting
from lab.config import Settings
from lab.errors import CommandFailed, LabError, Refused
from lab.images import recipes
from lab.images.registry_client import Name, Registry
from lab.steps import Report

RECIPE = recipes.Recipe("registry")
PUBLISHED = "registry:3@sha256:1be55279f18a2fe1a74edf2664cac61c1bea305b7b4642dab412e7affdcb3e33"
ECR = "810454728139.dkr.ecr.eu-west-3.amazonaws.com"
MIRRORED = {
    "docker.io": "https://registry-1.docker.io",
    ECR: f"https://{ECR}",
    "k8s.gcr.io": "https://k8s.gcr.io",
}
"""Names that nodes pull from the lab's registry first, and the servers that they try when it has no such image."""

LABEL = "io.chatroulette.lab"
NETWORK = "kind"
_SUBNET = "fc00:f853:ccd:e793::/64"
_MTU = "com.docker.network.driver.mtu"
_PORT = "5000/tcp"
_LAB_NETWORK = "network"
"""The label's value on the network: kind gives its own no label."""
_QUIET = {
    "REGISTRY_LOG_LEVEL": "error",
    "REGISTRY_LOG_ACCESSLOG_DISABLED": "true",
    "REGISTRY_STORAGE_DELETE_ENABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
}


def ensure(settings: Settings, report: Report) -> Registry:
    """Have the registry run, whatever state its container was left in, and return it once it answers.

    Raises Refused where a container of that name is somebody else's.
    """
    running = find(settings)
    if running and running.answers():
        return running
    check(settings)
    if not registry_access.published(settings):
        recipes.build(settings, RECIPE, report)
    report("starting its container")
    _start(settings)
    waiting.until("the registry", lambda: _state(settings), timeout=60, hint=f"docker logs {settings.registry}")
    registry = find(settings)
    if registry is None:
        raise LabError(f"the container {settings.registry} went away again", "run the same command again")
    return registry


def find(settings: Settings) -> Registry | None:
    """Return the cluster's registry where its container runs on kind's network, else None."""
    container = docker.inspect(settings.registry)
    if container is None or not _is_ours(settings, container) or not _connected(container):
        return None
    ports = container["NetworkSettings"]["Ports"].get(_PORT)
    return Registry(f"127.0.0.1:{ports[0]['HostPort']}") if ports else None


def push(registry: Registry, local: str, names: Iterable[Name], report: Report) -> bool:
    """Have a local image in the registry under all these names; tells whether any was new.

    The first name's tag must be a hash of content: an image that is there under it already is not sent again.
    """
    content, *others = names
    is_new = registry.digest(content) is None
    if is_new:
        report(f"pushing {content.repository}:{content.tag}")
        _push(registry, local, content)
    aliased = [registry.alias(content, name) for name in others]
    return is_new or any(aliased)


def write_mirrors(settings: Settings) -> Path:
    """Write containerd's folder of ``hosts.toml`` files and return it; nodes mount it at /etc/containerd/certs.d.

    Each names the lab's registry first, then the real server.
    https://github.com/containerd/containerd/blob/main/docs/hosts.md
    """
    folder = settings.cache / "mirrors" / settings.cluster
    for name, server in MIRRORED.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        file = folder / name / "hosts.toml"
        text = (
            f'server = "{server}"\n\n[host."http://{settings.registry}:5000"]\n  capabilities = ["pull", "resolve"]\n'
        )
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
    return folder


def remove(settings: Settings) -> bool:
    """Take the container away and keep its volume; tells whether there was one. Leaves somebody else's alone."""
    container = docker.inspect(settings.registry)
    if container is None or not _is_ours(settings, container):
        return False
    docker.docker("rm", "--force", container["Id"])
    return True


def remove_data(settings: Settings) -> None:
    """Take the container and its data away; a volume of another's, or of unknown origin, stays."""
    container, volume = docker.inspect(settings.registry), docker.inspect(settings.registry, "volume")
    is_ours = container is not None and _is_ours(settings, container)
    remove(settings)
    if volume and (is_ours or ownership.owns(settings, volume["Labels"])):
        docker.docker("volume", "rm", settings.registry)


def remove_network(settings: Settings) -> bool:
    """Take kind's network away where this lab made it and no container, running or stopped, is on it; tells whether."""
    network = docker.inspect(NETWORK, "network")
    labels = network["Labels"] or {} if network else {}
    if labels.get(LABEL) != _LAB_NETWORK or not (ownership.owns(settings, labels) or ownership.LABEL not in labels):
        return False
    if docker.docker("ps", "--all", "--quiet", "--filter", f"network={NETWORK}"):
        return False
    return shell.run(["docker", "network", "rm", NETWORK], timeout=30, check=False).code == 0


def _start(settings: Settings) -> None:
    if container := docker.inspect(settings.registry):
        docker.docker("rm", "--force", container["Id"])
    create_network(settings)
    try:
        _run(settings)
    except CommandFailed as error:
        if "is already in use" not in error.output:  # another lab process was faster: its container will do
            raise


def _run(settings: Settings) -> None:
    image = PUBLISHED if registry_access.published(settings) else RECIPE.tag
    environment = [word for key, value in _QUIET.items() for word in ("--env", f"{key}={value}")]
    owner = ("--label", ownership.label(settings), "--label", f"{LABEL}={settings.cluster}")
    docker.docker("volume", "create", *owner, settings.registry)
    docker.docker(
        *("run", "--detach", "--name", settings.registry, *owner),
        *("--restart", "unless-stopped", "--network", NETWORK, "--publish", "127.0.0.1::5000"),
        *("--volume", f"{settings.registry}:/var/lib/registry", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--log-opt", "max-size=1m", *environment, image),
        timeout=300,
    )


def check(settings: Settings) -> None:
    """Raise Refused where a container or a volume of the registry's name is somebody else's."""
    container = docker.inspect(settings.registry)
    if container and not _is_ours(settings, container):
        raise _foreign(settings, "container", container["Config"]["Labels"])
    volume = docker.inspect(settings.registry, "volume")
    if volume and ownership.LABEL in (volume["Labels"] or {}) and not ownership.owns(settings, volume["Labels"]):
        raise _foreign(settings, "volume", volume["Labels"])


def _foreign(settings: Settings, kind: str, labels: dict[str, str] | None) -> Refused:
    whose = "that another lab made" if LABEL in (labels or {}) else "that the lab did not make"
    return Refused(
        f"a {kind} named {settings.registry} is there {whose}: it is left alone",
        f"choose another name: LAB_CLUSTER=cats2; or, where nobody needs it: docker {kind} rm -f {settings.registry}",
    )


def create_network(settings: Settings) -> None:
    """Make kind's network where kind has not yet, as kind would: its IPv6 range (a hash of the name), Docker's MTU.

    It is labelled, so that ``remove_network`` leaves one that somebody else made.

    https://github.com/kubernetes-sigs/kind/blob/main/pkg/cluster/internal/providers/docker/network.go
    """
    if docker.inspect(NETWORK, "network"):
        return
    options = (docker.inspect("bridge", "network") or {}).get("Options") or {}
    mtu = ("--opt", f"{_MTU}={options[_MTU]}") if _MTU in options else ()
    masquerade = "com.docker.network.bridge.enable_ip_masquerade=true"
    args = ("network", "create", "--driver", "bridge", "--opt", masquerade, *mtu)
    args += ("--label", f"{LABEL}={_LAB_NETWORK}", "--label", ownership.label(settings))
    try:
        docker.docker(*args, "--ipv6", "--subnet", _SUBNET, NETWORK)
    except CommandFailed:  # no IPv6 here, or another process was faster
        if not docker.inspect(NETWORK, "network"):
            docker.docker(*args, NETWORK)


def _push(registry: Registry, local: str, name: Name) -> None:
    remote = f"{registry.address}/{name.repository}:{name.tag}"
    docker.docker("tag", local, remote)
    try:
        docker.docker("push", "--quiet", remote, timeout=600)
    finally:
        shell.run(["docker", "image", "rm", remote], timeout=30, check=False)


def _state(settings: Settings) -> tuple[bool, str]:
    container = docker.inspect(settings.registry)
    if container and container["State"]["Restarting"]:
        raise LabError("the registry's container ends as soon as it starts", f"docker logs {settings.registry}")
    registry = find(settings)
    if registry is None:
        return False, "its container does not run"
    return registry.answers(), f"{registry.address} does not answer yet"


def _is_ours(settings: Settings, container: dict[str, Any]) -> bool:
    """Tell by its mark, or by its node where an older lab made it without one."""
    labels = container["Config"]["Labels"] or {}
    if ownership.LABEL in labels or labels.get(LABEL) != settings.cluster:
        return ownership.owns(settings, labels)
    node = docker.inspect(settings.node)
    return node is not None and ownership.owns_node(settings, node, settings.cluster)


def _connected(container: dict[str, Any]) -> bool:
    """Tell whether it runs on the network that is named so now: one deleted and made again has another id."""
    network = docker.inspect(NETWORK, "network") or {}
    joined = container["NetworkSettings"]["Networks"].get(NETWORK) or {}
    return bool(container["State"]["Running"] and network.get("Id") and joined.get("NetworkID") == network["Id"])
