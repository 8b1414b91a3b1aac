"""When a stage stands, and what stands in for the backend on it."""

import json
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.experiments.matrix import environment, labels, manifests, stub_server, topology, variants
from lab.experiments.matrix.probe_protocol import Surroundings
from lab.experiments.model.cluster import Cluster, Container, Pod, Service, ServicePort, Vantage, World

RUNS = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


def pod(ready="True", guests=(), **states):
    return {
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": name} for name in states],
            "ephemeralContainers": [{"name": name} for name in guests],
        },
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": name, "state": state} for name, state in states.items()],
        },
    }


@pytest.mark.parametrize(
    ("found", "unready", "expected"),
    [
        pytest.param(pod(a=RUNS), False, True, id="it runs and is Ready"),
        pytest.param(pod("False", a=RUNS), False, False, id="it is not Ready yet"),
        pytest.param(pod("False", a=RUNS), True, True, id="it never will be"),
        pytest.param(pod(a=RUNS, b={"waiting": {"reason": "ContainerCreating"}}), False, False, id="one starts"),
        pytest.param(pod(a=RUNS, guests=["g"]), False, False, id="a guest is missing"),
    ],
)
def test_a_pod_is_there_when_all_of_it_runs(found, unready, expected):
    assert environment.there(found, unready=unready) is expected


def test_what_will_never_start_is_an_error_at_once():
    waits = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    with pytest.raises(LabError, match="container a of p does not start: no such image"):
        environment.there(pod(a=waits))


def test_how_a_pod_stands_is_told_in_a_few_words():
    found = pod(a=RUNS, b={"waiting": {"reason": "ContainerCreating"}}, c={})
    assert environment.told(found) == "p: a running, b ContainerCreating, c unknown"


@pytest.mark.parametrize(
    ("started", "second", "expected"),
    [
        pytest.param(True, 1, False, id="not long enough"),
        pytest.param(True, 2, True, id="long enough"),
        pytest.param(False, 59, False, id="its startup probe has not passed"),
    ],
)
def test_a_container_has_started_and_run_for_some_time(started, second, expected):
    found = pod(a=RUNS)
    found["status"]["containerStatuses"][0]["started"] = started
    assert environment.runs(found, "a", 2, datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param(Path("/etc/hosts").read_text().splitlines()[0], 0, id="it is there"),
        pytest.param("127.0.0.1 nobody-wrote-this", 1, id="it is not there"),
    ],
)
def test_the_writer_has_started_once_its_line_is_in_the_hosts_file(line, code):
    _, *words = variants.writer("i")["startupProbe"]["exec"]["command"]
    done = subprocess.run([sys.executable, *words], env={"HOSTS_LINE": line}, check=False, capture_output=True)
    assert done.returncode == code


def test_a_container_that_has_not_started_has_not_run():
    assert not environment.runs(pod(a={"waiting": {}}), "a", 0, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("bind", "reached", "family"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", socket.AF_INET, id="IPv4"),
        pytest.param("::1", "::1", socket.AF_INET6, id="IPv6"),
        pytest.param("::", "127.0.0.1", socket.AF_INET, id="both"),
    ],
)
def test_the_stand_in_says_its_pod_as_the_backend_does(bind, reached, family):
    door = stub_server.listener(bind, 0)
    threading.Thread(target=stub_server.serve, args=(door, stub_server.answer("felix")), daemon=True).start()
    with socket.socket(family) as line:
        line.settimeout(5)
        line.connect((reached, door.getsockname()[1]))
        line.sendall(b"GET /whoami HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(4096), b""))
    assert json.loads(said.partition(b"\r\n\r\n")[2]) == {"pod": "felix"}
    assert said.startswith(b"HTTP/1.0 200 ")


def test_a_container_binds_to_the_pods_address_by_the_downward_api():
    env = {one["name"]: one for one in manifests.backend("i", bind="pod-ip")["env"]}
    assert env["BIND"]["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert {one["name"]: one for one in manifests.backend("i", bind="::1")["env"]}["BIND"]["value"] == "::1"


def test_the_scene_shows_who_shares_a_network_namespace():
    inside = Container("back", listeners=())
    found = Pod("p", "n", "10.0.0.1", (inside, Container("s", "sidecar")), labels=(("a", "1"),))
    service = Service("s", "n", "10.96.0.1", (("a", "1"),), (ServicePort(80, 3000, 30001),))
    world = World(Cluster("c://1", "node", "172.18.0.2", "10.96.0.10"), pods=(found,), services=(service,))
    inside = Vantage("app", "container", "n", "p", "back")
    seen = topology.scene(world, [inside], {"app": Surroundings(netns="net:[7]")})
    assert seen.pods[0].netns == "net:[7]"
    assert seen.pods[0].containers == (("back", "app", "app"), ("s", "sidecar", ""))
    assert (seen.services[0].pods, seen.services[0].ports) == (("p",), "80 → 3000, node 30001")


def test_labels_are_written_in_both_languages_and_once():
    for group in (labels.VANTAGES, labels.ADDRESSES):
        assert len({one.id for one in group}) == len(group)
        assert all(one.short.en and one.short.fr and one.more.en and one.more.fr for one in group)
