"""Create a kind cluster, bring it back where it stopped or is incomplete, and delete it.

Its state is looked up in Docker each time. The lab's clusters differ from others by the mark of :mod:`lab.ownership`,
which is there from the first moment; a file in the node is written when the cluster is complete.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import yaml

from lab import docker, ownership, registry_access, shell, waiting
from lab.cluster import coredns, difference, kubeconfig
from lab.config import ROOT, Settings
from lab.errors import CommandFailed, LabError, Refused
from lab.kubernetes.access import read_kubeconfigs
from lab.steps import Report, Step

State = Literal["absent", "foreign", "incomplete", "outdated", "stopped", "up"]
COMPLETE = "/kind/chatroulette-lab"
"""The file in a complete node: its configuration's hash, its Kubernetes version, its kubeconfig."""
MANIFESTS = ROOT / "k8s" / "kind"
_ADMIN = "/etc/kubernetes/admin.conf"
_LABEL = "io.x-k8s.kind.cluster"


def steps(settings: Settings, *, kind: Callable[[], Path], image: str | None, mirrors: Path) -> list[Step]:
    """Return the steps from whatever is there to a cluster that is up and named in the kubeconfig.

    ``kind`` finds the program; ``image`` is the node image, None for the one that kind itself names; ``mirrors`` is
    the folder of containerd's ``hosts.toml`` files, mounted so that a change needs no new cluster.
    """
    config = kind_config(settings, image, mirrors)

    return [
        Step(
            "Create the cluster",
            lambda report: _bring_up(settings, kind(), config, report),
            done=lambda: _is_up(settings, config),
            expected=20,
        ),
        Step("Look at names outside the cluster", lambda report: _follow_resolver(settings, report), expected=3),
        Step("Name it in the kubeconfig", lambda report: _write_kubeconfig(settings, report)),
    ]


def kind_config(settings: Settings, image: str | None, mirrors: Path) -> str:
    """Fill ``k8s/kind/cluster.yaml`` in with what differs between clusters: names, ports, mounts and the node image."""
    config: dict[str, Any] = yaml.safe_load((MANIFESTS / "cluster.yaml").read_text())
    node = config["nodes"][0]
    for mapping, port in zip(node["extraPortMappings"], (settings.front_port, settings.back_port), strict=True):
        mapping["hostPort"] = port
    node["extraMounts"] = [{"hostPath": str(mirrors), "containerPath": ownership.MIRRORS, "readOnly": True}]
    if image:
        node["image"] = image
    if _is_built(image):
        config.setdefault("networking", {})["disableDefaultCNI"] = True  # the node image brings its own
    return yaml.safe_dump({**config, "name": settings.cluster}, sort_keys=False)


def state(settings: Settings, config: str) -> State:
    """Tell what state the cluster is in; one that was made from another ``config`` is "outdated"."""
    nodes = _nodes(settings)
    if not nodes:
        return "absent"
    if _foreign(settings, nodes):
        return "foreign"
    node = nodes[0]
    if not node["State"]["Running"] or node["State"]["Paused"]:
        return "stopped"
    facts = _facts(settings)
    if not facts:
        return "incomplete"
    return "up" if facts["config"] == _fingerprint(config) else "outdated"


def version(settings: Settings) -> str:
    """Return the Kubernetes version of a cluster that is up, such as ``v1.37.2``."""
    return _facts(settings)["version"]


def others(settings: Settings) -> list[str]:
    """Name the other clusters on this machine that live on the same caches."""
    nodes = docker.docker("ps", "--all", "--filter", f"label={_LABEL}", "--format", "{{.Names}}").split()
    containers = {node.removesuffix("-control-plane"): docker.inspect(node) for node in nodes}
    return [
        cluster
        for cluster, container in containers.items()
        if cluster != settings.cluster and container and ownership.owns_node(settings, container, cluster)
    ]


def check(settings: Settings) -> None:
    """Raise, before anything is done, Refused for a cluster that is not ours and BadInput for a broken kubeconfig."""
    read_kubeconfigs(settings.kubeconfigs)
    if refused := _foreign(settings, _nodes(settings)):
        raise refused


def down(settings: Settings) -> bool:
    """Delete the cluster and its kubeconfig entries; tell whether it existed. Raises as ``check`` does."""
    check(settings)
    existed = _remove_nodes(settings)
    kubeconfig.remove(settings.kubeconfigs, settings.context)
    return existed


def kubectl_in_node(settings: Settings, *args: str, stdin: str | None = None, timeout: float = 30) -> str:
    """Run the node's own kubectl, which fits the cluster and needs no kubeconfig on this machine."""
    argv = ["docker", "exec", "--interactive", settings.node, "kubectl", f"--kubeconfig={_ADMIN}", *args]
    return shell.run(argv, timeout=timeout, stdin=stdin).stdout


def _is_up(settings: Settings, config: str) -> str | None:
    return f"{settings.cluster} is up" if state(settings, config) == "up" and _readiness(settings)[0] else None


def _bring_up(settings: Settings, kind: Path, config: str, report: Report) -> str:
    current = state(settings, config)
    check(settings)
    if current == "stopped":
        report("its node was stopped: starting it again")
        _start(settings)
        current = state(settings, config)
    if current == "up":
        waiting.until(
            "the cluster's API server", lambda: _readiness(settings), timeout=120, interval=0.5, on_state=report
        )
        return "it answers again"
    if current == "outdated":
        (node, *_), facts = _nodes(settings), _facts(settings)
        what = f"the cluster {settings.cluster} {difference.describe(node, facts, yaml.safe_load(config))}"
        raise LabError(what, "`make kind-down kind-up` replaces it")
    if current == "incomplete":
        report.note(f"the cluster {settings.cluster} was left half made: it is made anew")
        _remove_nodes(settings)
    return _create(settings, kind, config, report)


def _create(settings: Settings, kind: Path, config: str, report: Report) -> str:
    kubeconfig_file = settings.cache / f"{settings.cluster}.kubeconfig"
    kubeconfig_file.unlink(missing_ok=True)
    argv = [str(kind), "create", "cluster", "--config=-", f"--kubeconfig={kubeconfig_file}"]
    hosts = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), settings.registry)))
    env = {"NO_PROXY": hosts, "no_proxy": hosts}

    def on_line(line: str) -> None:
        report(line.strip(" •.✓"))

    try:
        shell.run(argv, timeout=create_timeout(config), env=env, stdin=_marked(settings, config), on_line=on_line)
        _complete(settings, kubeconfig_file.read_text(), config, report)
    except BaseException as error:
        with contextlib.suppress(LabError):  # where Docker itself went away, the first error is the one to show
            _remove_nodes(settings)
        if isinstance(error, CommandFailed):
            raise _explained(error, settings) from None
        raise
    finally:
        kubeconfig_file.unlink(missing_ok=True)
    return f"kind made {settings.cluster}"


def _marked(settings: Settings, config: str) -> str:
    """Add our mark, which says nothing of the cluster: one without it is the same otherwise."""
    marked = yaml.safe_load(config)
    mounts = marked["nodes"][0]["extraMounts"]
    mounts.append(ownership.mount(settings, mounts[0]["hostPath"]))
    return yaml.safe_dump(marked, sort_keys=False)


def create_timeout(config: str) -> float:
    """Give kind five minutes, and half an hour where it may have to pull the image over a classroom's network."""
    return 300 if _is_built(yaml.safe_load(config)["nodes"][0].get("image")) else 1800


def _is_built(image: str | None) -> bool:
    """Tell whether a node image was built here; a published one may have to be pulled."""
    return bool(image and image.startswith(f"{registry_access.NODE_IMAGE}:"))


def _complete(settings: Settings, kubeconfig_text: str, config: str, report: Report) -> None:
    report("metrics-server")
    kubectl_in_node(settings, "apply", "-f", "-", stdin=(MANIFESTS / "metrics-server.yaml").read_text())
    account = ("--namespace=default", "serviceaccount/default")  # admission refuses Pods until it is there
    kubectl_in_node(settings, "wait", "--for=create", "--timeout=60s", *account, timeout=70)
    version = docker.docker("exec", settings.node, "kubelet", "--version").removeprefix("Kubernetes ")
    facts = {
        "config": _fingerprint(config),
        "version": version,
        "kubeconfig": kubeconfig_text,
        "lab": difference.lab_version(),
    }
    argv = ["docker", "exec", "--interactive", settings.node, "tee", COMPLETE]
    shell.run(argv, timeout=20, stdin=json.dumps(facts))


def _follow_resolver(settings: Settings, report: Report) -> str:
    kubectl, ask = partial(kubectl_in_node, settings), partial(coredns.response_codes, settings.node)
    result = coredns.follow_resolver(kubectl, ask)
    if result == "changed":
        report.note("no DNS server answers here: names outside the cluster are said not to exist")
    return "a resolver answers again, and CoreDNS asks it" if result == "restored" else f"CoreDNS is {result}"


def _start(settings: Settings) -> None:
    """Start a node that was stopped or paused."""
    node = docker.inspect(settings.node) or {"State": {"Paused": False}}
    try:
        docker.docker("unpause" if node["State"]["Paused"] else "start", settings.node)
    except CommandFailed as error:
        raise _explained(error, settings) from None


def _readiness(settings: Settings) -> tuple[bool, str]:
    argv = ["docker", "exec", settings.node, "kubectl", f"--kubeconfig={_ADMIN}", "get", "--raw=/readyz"]
    done = shell.run(argv, timeout=20, check=False)
    return done.code == 0, (done.stdout or done.stderr).strip()[-200:]


def _write_kubeconfig(settings: Settings, report: Report) -> str:
    exported = yaml.safe_load(_facts(settings)["kubeconfig"])
    path, is_current = kubeconfig.add(settings.kubeconfigs, exported)
    if is_current:
        return f"{settings.context} is current in {path}"
    report.note(
        f"your current context stays as it is; to use this cluster: kubectl config use-context {settings.context}"
    )
    return f"{settings.context} is in {path}"


def _nodes(settings: Settings) -> list[dict[str, Any]]:
    """Return the containers of a cluster of this name, and the one that has the name of our node."""
    filters = ("--filter", f"label={_LABEL}={settings.cluster}", "--format", "{{.Names}}")
    names = {settings.node: None, **dict.fromkeys(docker.docker("ps", "--all", *filters).split())}
    return [node for name in names if (node := docker.inspect(name))]


def _remove_nodes(settings: Settings) -> bool:
    """Remove what is ours of a cluster, by id: another's of the same name may be made meanwhile."""
    ours = [node["Id"] for node in _nodes(settings) if ownership.owns_node(settings, node, settings.cluster)]
    if ours:
        docker.docker("rm", "--force", "--volumes", *ours, timeout=120)
    return bool(ours)


def _facts(settings: Settings) -> dict[str, str]:
    """Read what was written into the node when it was complete; empty where it never was, or not to the end.

    Raises CommandFailed where the node cannot be read.
    """
    done = shell.run(["docker", "exec", settings.node, "cat", COMPLETE], timeout=20, check=False)
    if done.code and "No such file" not in done.stderr:
        raise CommandFailed(done.argv, done.code, done.stderr, "try again; `make kind-down kind-up` makes it anew")
    try:
        facts: dict[str, str] = json.loads(done.stdout)
    except ValueError:
        return {}
    return facts


def _fingerprint(config: str) -> str:
    return hashlib.sha256(config.encode()).hexdigest()


def _foreign(settings: Settings, nodes: Sequence[Mapping[str, Any]]) -> Refused | None:
    """Return what says whose the cluster is, where one of its nodes is not ours."""
    node = next((node for node in nodes if not ownership.owns_node(settings, node, settings.cluster)), None)
    if node is None:
        return None
    another = "use another name for yours: LAB_CLUSTER=cats2"
    if not (cache := ownership.cache_of(node)):
        what = f"a kind cluster named {settings.cluster} is there that the lab did not make: it is left alone"
        return Refused(what, another)
    folder = Path(cache).parent
    return Refused(
        f"the cluster {settings.cluster} is another lab's, whose caches are in {cache}: it is left alone",
        f"{another}; if that one is yours: LAB_CACHE={folder}, or where it is lost: docker rm -fv {node['Name'][1:]}",
    )


def _explained(error: CommandFailed, settings: Settings) -> LabError:
    """Explain the commonest failures of kind and Docker."""
    if "port is already allocated" in error.output or "address already in use" in error.output:
        address = re.search(r"127\.0\.0\.1:(\d+)", error.output)
        port = address[1] if address else f"{settings.front_port} or {settings.back_port}"
        return LabError(
            f"port {port} of this computer is taken",
            f"`ss -ltnp 'sport = :{port}'` names who holds it; or choose others: LAB_FRONT_PORT, LAB_BACK_PORT",
        )
    if "no space left on device" in error.output:
        return LabError("the disk is full", "free some, `docker system df` shows what images take; then run this again")
    return error
