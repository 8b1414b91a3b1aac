"""Measuring: one request a vantage point, all at the same time; what cannot be asked is unmeasured, with the reason."""

import contextlib
import json
import threading
from types import SimpleNamespace

import pytest

from lab import docker, shell
from lab.errors import LabError, TimedOut
from lab.experiments.matrix import dialled, probe_protocol, runners
from lab.experiments.matrix.measure import measure, turns
from lab.experiments.matrix.probe_protocol import Reply, Surroundings
from lab.experiments.matrix.runners import Runner
from lab.experiments.model.cluster import Address, Cluster, ClusterModel, Service, VantagePoint
from lab.experiments.results import Measurement
from lab.kubernetes import client

MODEL = ClusterModel(
    Cluster("containerd://2.4.2", "node-1", "172.18.0.2", "10.96.0.10"),
    services=(Service("cats", "ns", "10.96.0.9", (), ()),),
)
APP = VantagePoint("app", "container", "ns", "p", "back")
SIDECAR = VantagePoint("sidecar", "container", "ns", "p", "sidecar")
OTHER, COMPUTER = VantagePoint("other", "container", "ns", "o", "look"), VantagePoint("computer", "computer")
ONE, TWO = Address("one", "127.0.0.1", 3000), Address("two", "cats", 80)
ANSWERS, LATE = Measurement("answers", "p"), Measurement("timeout")


class FakeApi:
    """Answers every list with ``items``, and every text with ``text``, in turn where that is a list."""

    def __init__(self, text="", items=()):
        self._text, self._items, self.requests = text, list(items), []

    def items(self, path, **query):
        self.requests.append((path, query))
        return self._items

    def text(self, path, **query):
        self.requests.append((path, query))
        text = self._text.pop(0) if isinstance(self._text, list) else self._text
        if isinstance(text, Exception):
            raise text
        return text


def runner(api=None, image=""):
    return Runner(None, api or FakeApi(), image, MODEL)


@pytest.fixture
def asks(monkeypatch):
    """Measure with a made-up way to ask."""

    def measured(ask, cells, api=None):
        monkeypatch.setattr(Runner, "ask", lambda self, vantage, addresses: ask(vantage, addresses, self.seconds))
        return measure(runner(api), cells)

    return measured


def test_each_vantage_is_asked_once_and_all_at_the_same_time(asks):
    together = threading.Barrier(2, timeout=10)
    asked = []

    def ask(vantage, addresses, _):
        together.wait()
        asked.append((vantage.id, [address.id for address in addresses]))
        return Reply({address.id: ANSWERS for address in addresses}, Surroundings(netns=f"net:[{vantage.id}]"))

    measured = asks(ask, [(APP, ONE), (OTHER, ONE), (APP, TWO)])
    assert sorted(asked) == [("app", ["one", "two"]), ("other", ["one"])]
    assert measured.results == {("app", "one"): ANSWERS, ("app", "two"): ANSWERS, ("other", "one"): ANSWERS}
    assert measured.surroundings["other"].netns == "net:[other]"
    assert measured.pods["ns", "p"] == ("back", Surroundings(netns="net:[app]"))


def test_a_vantage_that_cannot_be_asked_fails_each_of_its_cells(asks):
    def ask(vantage, addresses, _):
        if vantage is APP:
            raise LabError("container back is gone")
        return Reply({address.id: ANSWERS for address in addresses})

    measured = asks(ask, [(APP, ONE), (APP, TWO), (OTHER, ONE)])
    failed = Measurement("unmeasured", detail="container back is gone")
    assert measured.results == {("app", "one"): failed, ("app", "two"): failed, ("other", "one"): ANSWERS}
    assert "app" not in measured.surroundings


def test_a_cell_without_an_answer_is_unmeasured(asks):
    assert asks(lambda *_: Reply({}), [(APP, ONE)]).results["app", "one"].outcome == "unmeasured"


def test_a_time_out_is_tried_again_and_the_second_answer_counts(asks):
    asked = []

    def ask(vantage, addresses, seconds):
        asked.append((vantage.id, [address.id for address in addresses], seconds))
        first = len(asked) == 1
        return Reply({address.id: LATE if first and address is TWO else ANSWERS for address in addresses})

    measured = asks(ask, [(APP, ONE), (APP, TWO)])
    assert asked == [("app", ["one", "two"], 4), ("app", ["two"], 15)]
    assert set(measured.results.values()) == {ANSWERS}


def test_a_pod_s_containers_take_turns():
    late = Reply({"one": LATE, "two": ANSWERS})
    vantages = (APP, SIDECAR, OTHER, COMPUTER)
    cells = [(vantage, address) for vantage in vantages for address in (ONE, TWO)]
    expected = [[(APP, (ONE,)), (SIDECAR, (ONE,))], [(OTHER, (ONE,))]]
    assert turns(dict.fromkeys(vantages, late), cells) == expected


def test_this_computer_tries_again_only_where_somebody_took_the_call():
    slow = Measurement("timeout", detail="connected, then timed out")
    replies = {COMPUTER: Reply({"one": LATE, "two": slow})}
    assert turns(replies, [(COMPUTER, ONE), (COMPUTER, TWO)]) == [[(COMPUTER, (TWO,))]]


def test_endpoints_are_read_too(asks):
    ready = {"addresses": ["10.244.0.5"], "conditions": {"ready": True}, "nodeName": "node-1"}
    slices = [{"metadata": {"labels": {"kubernetes.io/service-name": "cats"}}, "endpoints": [ready]}]
    measured = asks(lambda *_: Reply({}), [], FakeApi(items=slices))
    assert measured.endpoints == {("ns", "cats"): ('{"addresses": ["10.244.0.5"], "conditions": {"ready": true}}',)}


@pytest.fixture
def programs(monkeypatch):
    """Keep which programs were to be started, and answer for them."""
    started = []
    output = json.dumps({"cells": {"one": {"outcome": "answers", "who": "p"}}, "surroundings": {"netns": "net:[7]"}})

    def run(argv, **_):
        started.append([str(word) for word in argv])
        return shell.Completed(tuple(started[-1]), 0, output, "")

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(docker.shell, "run", run)
    return started


def test_the_node_is_asked_from_a_confined_container_on_its_network(programs):
    reply = runner(image="back:1").ask(VantagePoint("node", "node"), [ONE])
    words = programs[0]
    assert words[:4] == ["docker", "run", "--rm", "--network=container:node-1"]
    assert {"--user=10001:10001", "--cap-drop=ALL", "--read-only"} <= set(words[: words.index("back:1")])
    assert words[words.index("back:1") + 1 :] == probe_protocol.command([ONE])
    assert (reply.cells["one"].who, reply.surroundings.netns) == ("p", "net:[7]")


PROXY = VantagePoint("pod-proxy", "pod-proxy", "ns", "p")


def _api_error(code, message):
    return client.ApiError(code, "Reason", message)


@pytest.mark.parametrize(
    ("text", "outcome", "who"),
    [
        pytest.param('{"pod":"mina"}', "answers", "mina", id="the backend"),
        pytest.param("<h1>nginx</h1>", "elsewhere", "", id="something else"),
        pytest.param(_api_error(503, "dial tcp: connect: connection refused"), "refused", "", id="refused"),
        pytest.param(_api_error(503, "dial tcp 1.2.3.4:1: i/o timeout"), "timeout", "", id="timeout"),
        pytest.param(_api_error(404, 'pods "p" not found'), "unmeasured", "", id="no such Pod"),
    ],
)
def test_the_api_server_s_answer_tells(text, outcome, who):
    api = FakeApi(text)
    result = runner(api).ask(PROXY, [Address("proxy", "p", 3000, "pod-proxy")]).cells["proxy"]
    assert (result.outcome, result.who) == (outcome, who)
    assert api.requests[0][0] == "/api/v1/namespaces/ns/pods/p:3000/proxy/whoami"


REFUSED_FORWARD = (
    'E1122 portforward.go:404] "Unhandled Error" err="IPv4: dial tcp4 127.0.0.1:3000: connect: connection refused '
    'IPv6 dial tcp6 [::1]:3000: connect: connection refused"'
)


@pytest.mark.parametrize(
    ("near", "errors", "outcome"),
    [
        pytest.param("answers", "", "answers", id="answers"),
        pytest.param("reset", REFUSED_FORWARD, "refused", id="kubectl says why"),
        pytest.param("reset", "", "reset", id="kubectl says nothing"),
        pytest.param("answers", "W1122 a warning", "answers", id="a warning beside an answer"),
    ],
)
def test_kubectl_says_how_a_forward_ended(monkeypatch, near, errors, outcome):
    @contextlib.contextmanager
    def port_forward(_, target, port, *, namespace):
        assert (target, port, namespace) == ("pod/p", 3000, "ns")
        yield SimpleNamespace(port=40000, errors=errors)

    monkeypatch.setattr(runners, "port_forward", port_forward)
    monkeypatch.setattr(runners, "computer", lambda *args: Reply({"forward": Measurement(near, str(args[2][0].port))}))
    address = Address("forward", "pod/p", 3000, "forward")
    reply = runner().ask(VantagePoint("pf", "port-forward", "ns"), [address])
    assert reply.cells["forward"].outcome == outcome


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        pytest.param('Get "http://10.244.0.5:3000/": dial tcp: connect: connection refused', "refused", id="kubelet"),
        pytest.param("ConnectionRefusedError: [Errno 111] Connection refused", "refused", id="Python"),
        pytest.param("context deadline exceeded (Client.Timeout exceeded)", "timeout", id="late"),
        pytest.param("read tcp 1.2.3.4: read: connection reset by peer", "reset", id="reset"),
        pytest.param("HTTP probe failed with statuscode: 503", "answers", id="an app that says no"),
        pytest.param("dial tcp: lookup x: no such host", "no-name", id="no name"),
        pytest.param("dial tcp 1.2.3.4:1: connect: no route to host", "elsewhere", id="no route"),
        pytest.param("something else", "unmeasured", id="unknown"),
    ],
)
def test_error_messages_are_read(message, outcome):
    assert dialled.outcome(f"Readiness probe failed: {message}") == outcome


def test_a_long_message_keeps_its_end():
    assert dialled.brief("a  b\nc") == "a b c"
    assert dialled.brief("x" * 500 + "end", 10) == "…xxxxxxxend"


PROBED = VantagePoint("kubelet-http", "kubelet", "ns", "p", "probed")
PROBE = Address("probe", "", 3000, "http-probe")


def metrics(passed, failed, container="probed"):
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
        pytest.param((0, 3), (0, 4), False, id="fails again"),
        pytest.param((0, 1), (1, 1), True, id="passes by now"),
        pytest.param((5, 1), (5, 2), False, id="fails by now"),
        pytest.param((5, 1), (6, 2), None, id="both since"),
        pytest.param((0, 0), (0, 0), None, id="not tried yet"),
    ],
)
def test_two_readings_of_the_count_tell(before, now, passes):
    tallies = [dialled.tally(metrics(*counts) + metrics(9, 9, "another"), PROBED) for counts in (before, now)]
    assert dialled.passes(*tallies) is passes


REFUSED, SLOW = "connect: connection refused", "i/o timeout"


def event(message, count=1, second=0, container="probed"):
    return {
        "involvedObject": {"fieldPath": f"spec.containers{{{container}}}"},
        "lastTimestamp": f"2026-01-01T00:00:0{second}Z",
        "message": f"Liveness probe failed: {message}",
        "count": count,
    }


@pytest.mark.parametrize(
    ("failures", "outcome"),
    [
        pytest.param([(SLOW, 1), (REFUSED, 1)], "refused", id="the newest"),
        pytest.param([(REFUSED, 3), ("connection reset", 1)], "reset", id="the newest, though not the commonest"),
        pytest.param([(REFUSED, 3), (SLOW, 1)], "refused", id="a time-out beside what came more often"),
        pytest.param([(REFUSED, 1), (SLOW, 3)], "timeout", id="a time-out, most of the time"),
        pytest.param([(REFUSED, 1), (SLOW, 1)], "timeout", id="a time-out, as often"),
    ],
)
def test_a_probe_that_fails_is_known_by_its_events(failures, outcome):
    events = [event(message, count, second) for second, (message, count) in enumerate(failures)]
    events.append(event("no such host", 9, 9, "another"))
    readings = [metrics(0, 1), metrics(0, 2)] * dialled.TRIES
    assert runner(FakeApi(readings, events)).ask(PROBED, [PROBE]).cells["probe"].outcome == outcome


def test_a_probe_that_was_late_once_passes():
    api = FakeApi([metrics(3, 0), metrics(3, 1), metrics(3, 1), metrics(4, 1)], [event(SLOW)])
    result = runner(api).ask(PROBED, [PROBE]).cells["probe"]
    assert result.outcome == "answers"
    assert 'result="successful"} 4' in result.detail


def test_a_probe_that_is_never_tried_is_an_error(monkeypatch):
    monkeypatch.setattr(dialled, "WAIT", 0.1)
    with pytest.raises(TimedOut, match="it was not tried"):
        dialled.probe_result(FakeApi(metrics(0, 0)), "node-1", PROBED)


def test_a_reply_is_found_among_other_lines_of_a_log():
    output = 'a warning before\n{"cells":{"one":{"outcome":"refused"}},"surroundings":{}}\n'
    assert probe_protocol.read(output).cells["one"].outcome == "refused"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        pytest.param("no such file: python3\n", "did not answer: no such file: python3", id="quoted"),
        pytest.param("", "it printed nothing", id="nothing"),
    ],
)
def test_what_is_no_reply_of_the_probe_is_quoted(output, message):
    with pytest.raises(LabError, match=message):
        probe_protocol.read(output)


@pytest.mark.parametrize(
    ("outputs", "replied"),
    [
        pytest.param(["", '{"cells": {}}'], True, id="the first is lost"),
        pytest.param(["", "", '{"cells": {}}'], False, id="twice"),
    ],
)
def test_a_container_whose_output_was_lost_is_asked_once_more(monkeypatch, outputs, replied):
    monkeypatch.setattr(Runner, "pod_exec", SimpleNamespace(run=lambda *_: outputs.pop(0)))
    with contextlib.nullcontext() if replied else pytest.raises(LabError, match="it printed nothing"):
        assert runner().ask(APP, [ONE]) == Reply({})
