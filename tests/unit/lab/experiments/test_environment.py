"""When an environment has started, and what stands in for the backend in it."""

import json
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.experiments.matrix import engine, environment, names, stub_server, whatif
from lab.experiments.matrix.measure import Measured
from lab.experiments.results import Measurement

NAMESPACES = ("here", "there")
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
CREATING = {"waiting": {"reason": "ContainerCreating"}}


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
    ("item", "unready", "expected"),
    [
        pytest.param(pod(a=RUNNING), False, True, id="it runs and is Ready"),
        pytest.param(pod("False", a=RUNNING), False, False, id="it is not Ready yet"),
        pytest.param(pod("False", a=RUNNING), True, True, id="it never will be"),
        pytest.param(pod(a=RUNNING, b=CREATING), False, False, id="one is being created"),
        pytest.param(pod(a=RUNNING, guests=["g"]), False, False, id="an ephemeral container is missing"),
    ],
)
def test_a_pod_has_started_when_all_its_containers_run(item, unready, expected):
    assert environment.has_started(item, unready=unready) is expected


def test_what_will_never_start_is_an_error_at_once():
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    with pytest.raises(LabError, match="container a of p does not start: no such image"):
        environment.has_started(pod(a=waiting))


def test_what_a_pod_s_containers_do_is_described():
    assert environment.describe(pod(a=RUNNING, b=CREATING, c={})) == "p: a running, b ContainerCreating, c unknown"


@pytest.mark.parametrize(
    ("state", "started", "second", "expected"),
    [
        pytest.param(RUNNING, True, 1, False, id="not long enough"),
        pytest.param(RUNNING, True, 2, True, id="long enough"),
        pytest.param(RUNNING, False, 59, False, id="its startup probe has not passed"),
        pytest.param({"waiting": {}}, True, 59, False, id="it has not started"),
    ],
)
def test_a_container_has_started_and_run_for_some_time(state, started, second, expected):
    item = pod(a=state)
    item["status"]["containerStatuses"][0]["started"] = started
    assert environment.has_run(item, "a", 2, datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param(Path("/etc/hosts").read_text().splitlines()[0], 0, id="it is there"),
        pytest.param("127.0.0.1 nobody-wrote-this", 1, id="it is not there"),
    ],
)
def test_the_writer_has_started_once_its_line_is_in_the_hosts_file(described, line, code):
    matrix = whatif.matrix(["hosts-edit"])
    model = described(matrix, ["here"])
    writer = matrix.setup(model, ["here"]).pods(model)[-1]["spec"]["containers"][-1]
    _, *words = writer["startupProbe"]["exec"]["command"]
    done = subprocess.run([sys.executable, *words], env={"HOSTS_LINE": line}, check=False, capture_output=True)
    assert done.returncode == code


@pytest.mark.parametrize(
    ("bind", "dialled", "family"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", socket.AF_INET, id="IPv4"),
        pytest.param("::1", "::1", socket.AF_INET6, id="IPv6"),
        pytest.param("::", "127.0.0.1", socket.AF_INET, id="both"),
    ],
)
def test_the_stub_server_names_its_pod_as_the_backend_does(bind, dialled, family):
    server = stub_server.listener(bind, 0)
    threading.Thread(target=stub_server.serve, args=(server, stub_server.answer("felix")), daemon=True).start()
    with socket.socket(family) as connection:
        connection.settimeout(5)
        connection.connect((dialled, server.getsockname()[1]))
        connection.sendall(b"GET /whoami HTTP/1.0\r\n\r\n")
        reply = b"".join(iter(lambda: connection.recv(4096), b""))
    assert json.loads(reply.partition(b"\r\n\r\n")[2]) == {"pod": "felix"}
    assert reply.startswith(b"HTTP/1.0 200 ")


def test_what_was_taken_away_is_named(described):
    model = described(names.MATRIX, NAMESPACES)
    without = replace(model, pods=[pod for pod in model.pods if pod.name != "other"])
    with pytest.raises(LabError, match="there is no Pod here/other any more"):
        names.MATRIX.attempts(without, NAMESPACES)


def test_a_service_that_is_gone_is_still_asked(described):
    model = described(names.MATRIX, NAMESPACES)
    first = names.MATRIX.attempts(model, NAMESPACES)
    without = replace(model, services=tuple(service for service in model.services if service.name != "cats"))
    with pytest.raises(LabError, match="there is no Service here/cats any more"):
        names.MATRIX.attempts(without, NAMESPACES)
    assert names.MATRIX.attempts(without, NAMESPACES, first) == first


@pytest.fixture
def measured_as_refused(monkeypatch):
    """Measure every cell as refused, without a cluster, and return the list of what is asked."""
    cells = []

    def measure(_runner, asked):
        cells.extend(asked)
        return Measured({(vantage.id, address.id): Measurement("refused") for vantage, address in asked})

    monkeypatch.setattr(engine, "measure", measure)
    return cells


def test_what_variants_ask_alike_is_asked_once(described, measured_as_refused):
    matrix = whatif.matrix(["rename"])
    model = described(matrix, NAMESPACES[:1])
    attempts = matrix.attempts(model, NAMESPACES[:1])
    alike = [attempt for attempt in attempts if (attempt.vantage.id, attempt.address.id) == ("other", "host-alias")]
    cells, _ = engine.evaluate(engine.MeasurementContext(None, None, "i"), model, attempts)
    assert len(cells) == len(attempts)
    assert len(alike) == 2
    assert len({(vantage.id, address.id) for vantage, address in measured_as_refused}) == len(measured_as_refused)
    assert sum(vantage.id == "other" and address.host == "minou" for vantage, address in measured_as_refused) == 1


def test_a_cell_has_its_prediction_its_measurement_and_both_are_compared(described, measured_as_refused):
    model = described(names.MATRIX, NAMESPACES)
    wanted = {("app", "pod-name"), ("app", "loopback6")}
    every = names.MATRIX.attempts(model, NAMESPACES)
    attempts = [each for each in every if (each.vantage.id, each.address.id) in wanted]
    evaluated, _ = engine.evaluate(engine.MeasurementContext(None, None, "i"), model, attempts)
    cells = {cell.address: cell for cell in evaluated}
    assert measured_as_refused
    assert not cells["pod-name"].agrees
    assert (cells["pod-name"].predicted.outcome, cells["pod-name"].measured.outcome) == ("answers", "refused")
    assert cells["loopback6"].agrees
