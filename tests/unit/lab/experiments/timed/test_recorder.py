from __future__ import annotations

import json
import threading
import time

import pytest
from urllib3.exceptions import ProtocolError

from lab.errors import CommandFailed, LabError, TimedOut
from lab.experiments.timed import loads
from lab.experiments.timed import recorder as module
from lab.experiments.timed.recorder import Recorder, recording
from lab.kubernetes.client import ApiError


def named(name):
    return lambda seen: next((one for one in seen if one.name == name), None)


def test_a_wait_ends_as_soon_as_it_is_seen():
    recorder = Recorder()
    threading.Timer(0.05, recorder.add, ("step", "cat")).start()
    found = recorder.wait(named("cat"), timeout=20)
    assert found is not None
    assert found.name == "cat"
    assert recorder.now() < 10


def test_a_wait_ends_with_none_at_its_deadline():
    recorder = Recorder()
    recorder.add("step", "dog")
    assert recorder.wait(named("cat"), timeout=0.05) is None
    assert recorder.now() >= 0.05


def test_what_is_needed_and_does_not_come_is_an_error_with_the_last_event():
    recorder = Recorder()
    recorder.add("Event", "e", "ADDED", {"message": "Error: ImagePullBackOff"})
    with pytest.raises(TimedOut, match=r"waited 0 s for a cat; last seen: Error: ImagePullBackOff"):
        recorder.require("a cat", named("cat"), timeout=0.01)


def test_times_are_seconds_since_the_beginning():
    ticks = iter([100.0, 101.5, 103.0])
    recorder = Recorder(clock=lambda: next(ticks))
    assert recorder.step("first") == 1.5
    assert recorder.step("second") == 3.0


class Response:
    """A watch: its lines, then what it waits for."""

    def __init__(self, lines, *, breaks=False):
        self.lines, self.breaks = lines, breaks
        self.over = threading.Event()
        self.closed = False

    def __iter__(self):
        yield from self.lines
        assert self.over.wait(10)
        if self.breaks:
            raise ProtocolError("cut")

    def shutdown(self):
        self.over.set()

    def close(self):
        self.closed = True


class Api:
    def __init__(self, *, breaks=False, ends=False):
        self.breaks = breaks
        self.ends = ends
        self.watches = {}

    def watch(self, path, seconds):
        assert seconds == module.LONGEST
        kind = path.rsplit("/", 1)[1]
        lines = [line(kind, "ADDED"), line(kind, "BOOKMARK"), json.dumps({"type": "ERROR", "object": {}}).encode()]
        self.watches[path] = Response(lines, breaks=self.breaks)
        if self.ends:
            self.watches[path].over.set()
        return self.watches[path]


def line(name, change):
    return json.dumps({"type": change, "object": {"metadata": {"name": name}}}).encode()


@pytest.mark.parametrize("breaks", [pytest.param(False, id="ended"), pytest.param(True, id="cut off")])
def test_pods_endpoints_and_events_are_watched_until_the_end_of_the_block(breaks):
    api = Api(breaks=breaks)
    with recording(api, "cats") as recorder:
        found = recorder.require("all three", lambda seen: len(seen) == 3 or None, timeout=10)
        assert found
    assert {(one.kind, one.name, one.change) for one in recorder.observations} == {
        ("Pod", "pods", "ADDED"),
        ("EndpointSlice", "endpointslices", "ADDED"),
        ("Event", "events", "ADDED"),
    }
    assert all("/namespaces/cats/" in path for path in api.watches)
    assert all(one.closed for one in api.watches.values())


@pytest.mark.parametrize("breaks", [pytest.param(False, id="ended"), pytest.param(True, id="cut off")])
def test_a_watch_that_broke_off_is_an_error(breaks):
    """What happened after it would look like nothing."""
    api = Api(breaks=breaks, ends=True)

    def readers_end():
        for thread in threading.enumerate():
            if thread.name in api.watches:
                thread.join(10)

    with pytest.raises(LabError, match="broke off"), recording(api, "cats"):
        readers_end()
    assert all(one.closed for one in api.watches.values())


def test_the_watches_end_when_the_block_is_interrupted():
    api = Api()
    with pytest.raises(KeyboardInterrupt), recording(api, "cats"):
        raise KeyboardInterrupt
    assert len(api.watches) == 3
    assert all(one.closed and one.over.is_set() for one in api.watches.values())


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        pytest.param(ApiError(404, "NotFound", 'pods "cats" not found'), 'pods "cats" not found', id="a Pod"),
        pytest.param(
            ApiError(404, "NotFound", 'namespaces "top-1a2b" not found'), 'namespaces "top-1a2b" not found', id="all"
        ),
        pytest.param(
            CommandFailed(["kubectl", "exec"], 1, 'Error from server (NotFound): pods "cats" not found\n'),
            'pods "cats" not found',
            id="told by kubectl",
        ),
    ],
)
def test_what_somebody_deleted_is_said_with_what_to_do(error, gone):
    with pytest.raises(LabError) as said, recording(Api(), "top-1a2b"):
        raise error
    assert said.value.what == f"{gone}: somebody deleted it during the experiment"
    assert said.value.hint == "leave the namespace top-1a2b alone while the experiment runs, and run it again"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ApiError(404, "", "the backend has no such page"), id="the backend’s own 404"),
        pytest.param(ApiError(503, "ServiceUnavailable", "no endpoints"), id="another refusal"),
        pytest.param(TimedOut("a cat", 1, "nothing", "wait"), id="no refusal"),
    ],
)
def test_any_other_error_stays_what_it_is(error):
    with pytest.raises(LabError) as said, recording(Api(), "top-1a2b"):
        raise error
    assert said.value is error


DELETED = [
    pytest.param("DELETED", {"metadata": {}}, id="gone"),
    pytest.param("MODIFIED", {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, id="about to go"),
]


@pytest.mark.parametrize(("change", "body"), DELETED)
@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(lambda one: one.require("a dog", named("dog"), 60), id="until"),
        pytest.param(lambda one: one.rest(60), id="rest"),
        pytest.param(lambda one: loads.until_said(Mute(), "top", ("cats", "c"), "ready", 60, recorder=one), id="a log"),
    ],
)
def test_a_pod_that_somebody_deletes_ends_every_wait_at_once(wait, change, body):
    def run():
        with recording(Api(), "top-1a2b") as recorder:
            threading.Timer(0.05, recorder.add, ("Pod", "cats", change, body)).start()
            wait(recorder)

    began = time.monotonic()
    with pytest.raises(LabError) as said:
        run()
    assert said.value.what == 'pods "cats" not found: somebody deleted it during the experiment'
    assert "top-1a2b" in said.value.hint
    assert time.monotonic() - began < 10


class Mute:
    """An API where no container has said anything."""

    def text(self, *_path, **_query):
        return ""


@pytest.mark.parametrize(("change", "body"), DELETED)
def test_an_experiment_that_deletes_pods_itself_goes_on(change, body):
    with recording(Api(), "termination-1a2b", deletes=True) as recorder:
        recorder.add("Pod", "cats", change, body)
        assert recorder.wait(named("dog"), timeout=0.01) is None


def test_a_pod_that_was_evicted_was_not_deleted():
    with recording(Api(), "qos-1a2b") as recorder:
        recorder.add("Pod", "cats", "MODIFIED", {"metadata": {}, "status": {"phase": "Failed", "reason": "Evicted"}})
        assert recorder.wait(named("dog"), timeout=0.01) is None


@pytest.mark.parametrize(
    ("told", "cores", "crowd"),
    [
        pytest.param("0.50 1.00 2.00 1/300 999", 2, 0.5, id="calm"),
        pytest.param("2.00 1.00 2.00 20/300 999", 2, 10, id="more at this moment"),
        pytest.param("16.00 1.00 2.00 3/300 999", 4, 4, id="more in the last minute"),
    ],
)
def test_how_many_processes_want_a_core(told, cores, crowd):
    assert module.load_per_core(told, cores) == crowd


def test_the_crowd_is_an_average_and_one_where_it_is_not_known():
    recorder = Recorder()
    assert recorder.load == 1
    recorder.add_load(2)
    recorder.add_load(4)
    assert recorder.load == 3
