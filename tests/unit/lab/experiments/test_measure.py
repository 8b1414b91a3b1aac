"""Measuring: one question a vantage point, all at the same time; what cannot be asked is said aloud."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from lab import docker, shell
from lab.errors import CommandFailed, LabError, TimedOut
from lab.experiments.matrix import error_parsing, kubelet_probes, probe_protocol, runners
from lab.experiments.matrix.measure import measure, turns
from lab.experiments.matrix.probe_protocol import Reply, Surroundings
from lab.experiments.model.cluster import Address, Cluster, Service, Vantage, World
from lab.experiments.results import Measurement
from lab.kubernetes import client
from lab.kubernetes.exec import ContainerRef, check_status

WORLD = World(
    Cluster("containerd://2.4.2", "node-1", "172.18.0.2", "10.96.0.10"),
    services=(Service("cats", "ns", "10.96.0.9", (), ()),),
)
APP, SIDECAR = Vantage("app", "container", "ns", "p", "back"), Vantage("sidecar", "container", "ns", "p", "sidecar")
OTHER, COMPUTER = Vantage("other", "container", "ns", "o", "look"), Vantage("computer", "computer")
ONE, TWO = Address("one", "127.0.0.1", 3000), Address("two", "cats", 80)
YES, LATE = Measurement("answers", "p"), Measurement("timeout")


class FakeApi:
    """Answers from a table by path."""

    def __init__(self, **found):
        self.found, self.asked = found, []

    def items(self, path, **query):
        self.asked.append((path, query))
        return self.found.get("items", [])

    def text(self, path, **query):
        self.asked.append((path, query))
        said = self.found["text"]
        said = said.pop(0) if isinstance(said, list) else said
        if isinstance(said, Exception):
            raise said
        return said


def measured(monkeypatch, ask, cells, **more):
    """Measure with a made-up way to ask."""
    monkeypatch.setattr(runners.Ways, "ask", lambda way, vantage, addresses: ask(vantage, addresses, way.seconds))
    return measure(None, more.pop("api", FakeApi()), "image", WORLD, cells, **more)


def test_each_vantage_is_asked_once_and_all_at_the_same_time(monkeypatch):
    together = threading.Barrier(2, timeout=10)
    asked = []

    def ask(vantage, addresses, _):
        together.wait()
        asked.append((vantage.id, [one.id for one in addresses]))
        return Reply({one.id: YES for one in addresses}, Surroundings(netns=f"net:[{vantage.id}]"))

    found = measured(monkeypatch, ask, [(APP, ONE), (OTHER, ONE), (APP, TWO)])
    assert sorted(asked) == [("app", ["one", "two"]), ("other", ["one"])]
    assert found.of == {("app", "one"): YES, ("app", "two"): YES, ("other", "one"): YES}
    assert found.surroundings["other"].netns == "net:[other]"
    assert found.pods["ns", "p"] == ("back", Surroundings(netns="net:[app]"))


def test_a_vantage_that_cannot_be_asked_fails_each_of_its_cells(monkeypatch):
    def ask(vantage, addresses, _):
        if vantage is APP:
            raise LabError("container back is gone")
        return Reply({one.id: YES for one in addresses})

    found = measured(monkeypatch, ask, [(APP, ONE), (APP, TWO), (OTHER, ONE)])
    assert found.of["app", "one"] == found.of["app", "two"]
    assert found.of["app", "one"] == Measurement("unmeasured", detail="container back is gone")
    assert found.of["other", "one"] == YES
    assert "app" not in found.surroundings


def test_silence_on_a_cell_is_no_measurement(monkeypatch):
    found = measured(monkeypatch, lambda *_: Reply({}), [(APP, ONE)])
    assert found.of["app", "one"].outcome == "unmeasured"


def test_a_time_out_is_tried_again_and_the_second_word_counts(monkeypatch):
    asked = []

    def ask(vantage, addresses, seconds):
        asked.append((vantage.id, [one.id for one in addresses], seconds))
        first = len(asked) == 1
        return Reply({one.id: LATE if first and one is TWO else YES for one in addresses})

    found = measured(monkeypatch, ask, [(APP, ONE), (APP, TWO)])
    assert asked == [("app", ["one", "two"], 4), ("app", ["two"], 15)]
    assert set(found.of.values()) == {YES}


def test_a_pod_s_containers_take_turns():
    late = Reply({"one": LATE, "two": YES})
    cells = [(one, address) for one in (APP, SIDECAR, OTHER, COMPUTER) for address in (ONE, TWO)]
    found = turns(dict.fromkeys((APP, SIDECAR, OTHER, COMPUTER), late), cells)
    assert found == [[(APP, (ONE,)), (SIDECAR, (ONE,))], [(OTHER, (ONE,))]]


def test_this_computer_tries_again_only_where_somebody_took_the_call():
    slow = Measurement("timeout", detail="connected, then timed out")
    found = turns({COMPUTER: Reply({"one": LATE, "two": slow})}, [(COMPUTER, ONE), (COMPUTER, TWO)])
    assert found == [[(COMPUTER, (TWO,))]]


def test_endpoints_are_read_beside(monkeypatch):
    ready = {"addresses": ["10.244.0.5"], "conditions": {"ready": True}, "nodeName": "node-1"}
    slices = [{"metadata": {"labels": {"kubernetes.io/service-name": "cats"}}, "endpoints": [ready]}]
    found = measured(monkeypatch, lambda *_: Reply({}), [], api=FakeApi(items=slices))
    assert found.endpoints == {("ns", "cats"): ('{"addresses": ["10.244.0.5"], "conditions": {"ready": true}}',)}


@pytest.fixture
def programs(monkeypatch):
    """Keep which programs were to be started, and answer for them."""
    started = []
    printed = json.dumps({"cells": {"one": {"outcome": "answers", "who": "p"}}, "surroundings": {"netns": "net:[7]"}})

    def run(argv, **_):
        started.append([str(word) for word in argv])
        return shell.Completed(tuple(started[-1]), 0, printed, "")

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(docker.shell, "run", run)
    return started


def test_the_node_is_asked_from_a_confined_container_on_its_network(programs):
    found = runners.Ways(None, None, "back:1", WORLD).ask(Vantage("node", "node"), [ONE])
    words = programs[0]
    assert words[:4] == ["docker", "run", "--rm", "--network=container:node-1"]
    assert {"--user=10001:10001", "--cap-drop=ALL", "--read-only"} <= set(words[: words.index("back:1")])
    assert words[words.index("back:1") + 1 :] == probe_protocol.command([ONE])
    assert (found.cells["one"].who, found.surroundings.netns) == ("p", "net:[7]")


def test_this_computer_runs_the_probe_with_its_own_python(programs):
    runners.Ways(None, None, "", WORLD).ask(COMPUTER, [ONE])
    assert programs[0][0] == sys.executable


def test_init_is_read_from_its_log():
    log = 'a warning before\n{"cells":{"one":{"outcome":"refused"}},"surroundings":{}}\n'
    api = FakeApi(text=log)
    found = runners.Ways(None, api, "", WORLD).ask(Vantage("init", "init", "ns", "p", "first"), [ONE])
    assert found.cells["one"].outcome == "refused"
    assert api.asked == [("/api/v1/namespaces/ns/pods/p/log", {"container": "first"})]


def test_what_does_not_fit_a_vantage_is_not_tried(programs):
    found = runners.Ways(None, None, "", WORLD).ask(COMPUTER, [Address("probe", "", 3000, "http-probe")])
    assert found.cells["probe"].outcome == "not-applicable"
    assert programs == []


PROXY = Vantage("pod-proxy", "pod-proxy", "ns", "p")
REFUSED = "error trying to reach service: dial tcp 10.244.0.5:3000: connect: connection refused"


@pytest.mark.parametrize(
    ("said", "outcome", "who"),
    [
        pytest.param('{"pod":"mina"}', "answers", "mina", id="the backend"),
        pytest.param("<h1>nginx</h1>", "elsewhere", "", id="something else"),
        pytest.param(client.ApiError(503, "ServiceUnavailable", REFUSED), "refused", "", id="refused"),
        pytest.param(
            client.ApiError(503, "ServiceUnavailable", "dial tcp 1.2.3.4:1: i/o timeout"), "timeout", "", id="timeout"
        ),
        pytest.param(client.ApiError(404, "NotFound", 'pods "p" not found'), "unmeasured", "", id="no such Pod"),
    ],
)
def test_the_api_server_s_words_tell(said, outcome, who):
    api = FakeApi(text=said)
    found = runners.Ways(None, api, "", WORLD).ask(PROXY, [Address("proxy", "p", 3000, "pod-proxy")]).cells["proxy"]
    assert (found.outcome, found.who) == (outcome, who)
    assert api.asked[0][0] == "/api/v1/namespaces/ns/pods/p:3000/proxy/whoami"


FORWARD = (
    'E1122 portforward.go:404] "Unhandled Error" err="IPv4: dial tcp4 127.0.0.1:3000: connect: connection refused '
    'IPv6 dial tcp6 [::1]:3000: connect: connection refused"'
)


@pytest.mark.parametrize(
    ("found", "complaint", "outcome"),
    [
        pytest.param("answers", "", "answers", id="answers"),
        pytest.param("reset", FORWARD, "refused", id="kubectl knows why"),
        pytest.param("reset", "", "reset", id="kubectl says nothing"),
        pytest.param("answers", "W1122 a warning", "answers", id="a warning beside an answer"),
    ],
)
def test_a_forward_s_end_is_kubectl_s_word(monkeypatch, found, complaint, outcome):
    import contextlib  # noqa: PLC0415 - beside its only use

    @contextlib.contextmanager
    def forward(_, target, port, *, namespace):
        assert (target, port, namespace) == ("pod/p", 3000, "ns")
        made = SimpleNamespace(port=40000, errors="")
        yield made
        made.errors = complaint  # what is read when kubectl has ended

    monkeypatch.setattr(runners, "port_forward", forward)
    monkeypatch.setattr(
        runners, "computer", lambda *given: Reply({"forward": Measurement(found, str(given[2][0].port))})
    )
    asked = Address("forward", "pod/p", 3000, "forward")
    tried = runners.Ways(None, None, "", WORLD).ask(Vantage("pf", "port-forward", "ns"), [asked]).cells["forward"]
    assert tried.outcome == outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param('Get "http://10.244.0.5:3000/": dial tcp: connect: connection refused', "refused", id="kubelet"),
        pytest.param("ConnectionRefusedError: [Errno 111] Connection refused", "refused", id="Python"),
        pytest.param(
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "timeout", id="late"
        ),
        pytest.param("read tcp 1.2.3.4: read: connection reset by peer", "reset", id="reset"),
        pytest.param("HTTP probe failed with statuscode: 503", "answers", id="an app that says no"),
        pytest.param("dial tcp: lookup x: no such host", "no-name", id="no name"),
        pytest.param("dial tcp 1.2.3.4:1: connect: no route to host", "elsewhere", id="no route"),
        pytest.param("something never heard of", "unmeasured", id="unknown"),
    ],
)
def test_hearsay(said, outcome):
    assert error_parsing.outcome(f"Readiness probe failed: {said}") == outcome


def test_a_long_complaint_keeps_its_end():
    assert error_parsing.brief("a  b\nc") == "a b c"
    assert error_parsing.brief("x" * 500 + "end", 10) == "…xxxxxxxend"


WITNESS = Vantage("kubelet-http", "kubelet", "ns", "p", "witness")
PROBE = Address("probe", "", 3000, "http-probe")


def counted(passed, failed, container="witness"):
    """Write kubelet's metrics."""
    labels = f'container="{container}",namespace="ns",pod="p",pod_uid="1",probe_type="Liveness"'
    return (
        "# TYPE prober_probe_total counter\n"
        f'prober_probe_total{{{labels},result="successful"}} {passed}\n'
        f'prober_probe_total{{{labels},result="failed"}} {failed}\n'
    )


@pytest.mark.parametrize(
    ("before", "now", "passes"),
    [
        pytest.param((3, 0), (3, 0), None, id="passed before, not tried since"),
        pytest.param((3, 0), (4, 0), True, id="passes again"),
        pytest.param((0, 3), (0, 3), None, id="failed before, not tried since"),
        pytest.param((0, 3), (0, 4), False, id="fails again"),
        pytest.param((0, 1), (1, 1), True, id="passes by now"),
        pytest.param((5, 1), (5, 2), False, id="fails by now"),
        pytest.param((5, 1), (5, 1), None, id="mixed and not tried since"),
        pytest.param((5, 1), (6, 2), None, id="both since"),
        pytest.param((0, 0), (0, 0), None, id="not tried yet"),
    ],
)
def test_two_looks_at_the_count_tell(before, now, passes):
    seen = [kubelet_probes.tally(counted(*one) + counted(9, 9, "another"), WITNESS) for one in (before, now)]
    assert kubelet_probes.passes(*seen) is passes


def test_a_probe_that_passes_is_known_by_its_count():
    api = FakeApi(text=[counted(3, 0), counted(4, 0)])
    found = runners.Ways(None, api, "", WORLD).ask(WITNESS, [PROBE]).cells["probe"]
    assert (found.outcome, found.who) == ("answers", "")
    assert 'result="successful"} 4' in found.detail


REFUSED, SLOW = "connect: connection refused", "i/o timeout"


@pytest.mark.parametrize(
    ("complaints", "outcome"),
    [
        pytest.param([(SLOW, 1), (REFUSED, 1)], "refused", id="the newest"),
        pytest.param([(REFUSED, 3), ("connection reset", 1)], "reset", id="the newest, though not the commonest"),
        pytest.param([(REFUSED, 3), (SLOW, 1)], "refused", id="a time-out beside what came more often"),
        pytest.param([(REFUSED, 1), (SLOW, 3)], "timeout", id="a time-out, most of the time"),
        pytest.param([(REFUSED, 1), (SLOW, 1)], "timeout", id="a time-out, as often"),
    ],
)
def test_a_probe_that_fails_is_known_by_its_events(complaints, outcome):
    events = [
        {
            "involvedObject": {"fieldPath": f"spec.containers{{{name}}}"},
            "lastTimestamp": f"2026-01-01T00:00:0{second}Z",
            "message": f"Liveness probe failed: {said}",
            "count": count,
        }
        for second, (name, said, count) in enumerate(
            [*(("witness", *one) for one in complaints), ("another-witness", "no such host", 9)]
        )
    ]
    looks = [counted(0, 1), counted(0, 2)]
    api = FakeApi(text=looks * kubelet_probes.TRIES, items=events)
    found = runners.Ways(None, api, "", WORLD).ask(WITNESS, [PROBE]).cells["probe"]
    assert found.outcome == outcome


def test_a_probe_that_was_late_once_passes():
    late = {
        "involvedObject": {"fieldPath": "spec.containers{witness}"},
        "message": f"Readiness probe failed: Get: {SLOW}",
    }
    api = FakeApi(text=[counted(3, 0), counted(3, 1), counted(3, 1), counted(4, 1)], items=[late])
    assert runners.Ways(None, api, "", WORLD).ask(WITNESS, [PROBE]).cells["probe"].outcome == "answers"


def test_a_probe_that_is_never_tried_is_an_error(monkeypatch):
    monkeypatch.setattr(kubelet_probes, "WAIT", 0.1)
    with pytest.raises(TimedOut, match="it was not tried"):
        kubelet_probes.testimony(FakeApi(text=counted(0, 0)), "node-1", WITNESS)


def test_a_witness_has_one_probe():
    with pytest.raises(LabError, match="witness of one probe"):
        runners.Ways(None, None, "", WORLD).ask(WITNESS, [PROBE, PROBE])


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        pytest.param(
            '{"status":"Failure","message":"gone","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
            CommandFailed,
            "ended with 3: Traceback",
            id="exit code",
        ),
        pytest.param(
            '{"status":"Failure","message":"container not found"}', LabError, "container not found", id="no container"
        ),
        pytest.param("", LabError, "the connection ended", id="no last word"),
    ],
)
def test_the_status_of_an_exec_decides(status, error, said):
    container = ContainerRef("ns", "p", "back")
    with pytest.raises(error, match=said):
        check_status(container, ["python3"], status, "Traceback")
    check_status(container, ["python3"], '{"status":"Success"}', "")


def test_no_answer_of_the_probe_quotes_what_came():
    with pytest.raises(LabError, match="did not answer: no such file: python3"):
        probe_protocol.read("no such file: python3\n")
    with pytest.raises(LabError, match="it printed nothing"):
        probe_protocol.read("")


@pytest.mark.parametrize(
    ("said", "heard"),
    [pytest.param(["", "{}"], True, id="the first is lost"), pytest.param(["", "", "{}"], False, id="twice")],
)
def test_a_container_whose_word_was_lost_is_asked_once_more(monkeypatch, said, heard):
    said = ['{"cells": {}}' if one else one for one in said]
    way = runners.Ways(None, None, "image", WORLD)
    monkeypatch.setattr(runners.Ways, "pod_exec", SimpleNamespace(run=lambda *_: said.pop(0)))
    if heard:
        assert way.ask(APP, [ONE]) == Reply({})
    else:
        with pytest.raises(LabError, match="it printed nothing"):
            way.ask(APP, [ONE])


def test_the_question_is_one_that_the_program_answers():
    done = subprocess.run(
        probe_protocol.command([], sys.executable), capture_output=True, text=True, timeout=20, check=True
    )
    assert probe_protocol.read(done.stdout).cells == {}
