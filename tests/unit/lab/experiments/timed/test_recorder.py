import contextlib
import json
import threading

import pytest
from urllib3.exceptions import ProtocolError

from lab.errors import CommandFailed, LabError, TimedOut
from lab.experiments.timed.recorder import Recorder, load_per_core, recording
from lab.kubernetes.client import ApiError


def named(name):
    return lambda observations: next((item for item in observations if item.name == name), None)


def test_a_wait_ends_as_soon_as_it_is_observed():
    recorder = Recorder()
    threading.Timer(0.05, recorder.step, ("cat",)).start()
    assert recorder.wait(named("cat"), timeout=20).name == "cat"


def test_a_wait_ends_with_none_at_its_deadline():
    recorder = Recorder()
    recorder.step("dog")
    assert recorder.wait(named("cat"), timeout=0.05) is None


def test_what_is_needed_and_does_not_come_is_an_error_with_the_last_event():
    recorder = Recorder()
    recorder.add("Event", "e", "ADDED", {"message": "Error: ImagePullBackOff"})
    with pytest.raises(TimedOut, match=r"waited 0 s for a cat; last seen: Error: ImagePullBackOff"):
        recorder.require("a cat", named("cat"), timeout=0.01)


def test_times_are_seconds_since_the_beginning():
    ticks = iter([100.0, 101.5, 103.0])
    recorder = Recorder(clock=lambda: next(ticks))
    assert [recorder.step("first"), recorder.step("second")] == [1.5, 3.0]


class Watch:
    """An open watch: its lines, then what ends it."""

    def __init__(self, kind, *, breaks):
        self.kind, self.breaks, self.closed, self.ended = kind, breaks, False, threading.Event()

    def __iter__(self):
        for change in ("ADDED", "BOOKMARK", "ERROR"):
            yield json.dumps({"type": change, "object": {"metadata": {"name": self.kind}}}).encode()
        assert self.ended.wait(10)
        if self.breaks:
            raise ProtocolError("cut")

    def shutdown(self):
        self.ended.set()

    def close(self):
        self.closed = True


class Api:
    def __init__(self, *, breaks=False):
        self.breaks, self.watches = breaks, {}

    def watch(self, path, _seconds):
        return self.watches.setdefault(path, Watch(path.rsplit("/", 1)[1], breaks=self.breaks))


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_pods_endpoints_and_events_are_watched_until_the_block_ends(error):
    api = Api()
    with contextlib.suppress(KeyboardInterrupt), recording(api, "cats") as recorder:
        recorder.require("all three", lambda observations: len(observations) == 3 or None, timeout=10)
        if error:
            raise error
    assert {(item.kind, item.name, item.change) for item in recorder.observations} == {
        ("Pod", "pods", "ADDED"),
        ("EndpointSlice", "endpointslices", "ADDED"),
        ("Event", "events", "ADDED"),
    }
    assert all("/namespaces/cats/" in path for path in api.watches)
    assert all(watch.closed for watch in api.watches.values())


@pytest.mark.parametrize("breaks", [pytest.param(False, id="ended"), pytest.param(True, id="cut off")])
def test_a_watch_that_broke_off_is_an_error(breaks):
    """What happened after it would look like nothing."""
    api = Api(breaks=breaks)

    def break_off():
        for watch in api.watches.values():
            watch.ended.set()
        for thread in threading.enumerate():
            if thread.name in api.watches:
                thread.join(10)

    with pytest.raises(LabError, match="broke off"), recording(api, "cats"):
        break_off()


KUBECTL = CommandFailed(["kubectl", "exec"], 1, 'Error from server (NotFound): pods "cats" not found\n')


@pytest.mark.parametrize(
    ("error", "what"),
    [
        pytest.param(ApiError(404, "NotFound", 'pods "cats" not found'), 'pods "cats"', id="a Pod"),
        pytest.param(ApiError(404, "NotFound", 'namespaces "top-1a2b" not found'), 'namespaces "top-1a2b"', id="all"),
        pytest.param(KUBECTL, 'pods "cats"', id="an error of kubectl"),
    ],
)
def test_what_somebody_deleted_is_named_with_what_to_do(error, what):
    with pytest.raises(LabError) as raised, recording(Api(), "top-1a2b"):
        raise error
    assert raised.value.what == f"{what} not found: somebody deleted it during the experiment"
    assert raised.value.hint == "leave the namespace top-1a2b alone while the experiment runs, and run it again"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ApiError(404, "", "the backend has no such page"), id="the backend’s own 404"),
        pytest.param(ApiError(503, "ServiceUnavailable", "no endpoints"), id="another refusal"),
        pytest.param(TimedOut("a cat", 1, "nothing", "wait"), id="no refusal"),
    ],
)
def test_any_other_error_stays_what_it_is(error):
    with pytest.raises(LabError) as raised, recording(Api(), "top-1a2b"):
        raise error
    assert raised.value is error


DELETED = [
    pytest.param("DELETED", {"metadata": {}}, id="gone"),
    pytest.param("MODIFIED", {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}, id="about to go"),
]


@pytest.mark.parametrize(("change", "body"), DELETED)
def test_a_pod_that_somebody_deletes_ends_a_wait_at_once(change, body):
    def run():
        with recording(Api(), "top-1a2b") as recorder:
            threading.Timer(0.05, recorder.add, ("Pod", "cats", change, body)).start()
            recorder.rest(60)

    with pytest.raises(LabError, match='pods "cats" not found: somebody deleted it during the experiment'):
        run()


@pytest.mark.parametrize(("change", "body"), DELETED)
def test_an_experiment_that_deletes_pods_itself_goes_on(change, body):
    with recording(Api(), "termination-1a2b", deletes=True) as recorder:
        recorder.add("Pod", "cats", change, body)
        assert recorder.wait(named("dog"), timeout=0.01) is None


def test_a_pod_that_was_evicted_was_not_deleted():
    recorder = Recorder()
    recorder.add("Pod", "cats", "MODIFIED", {"metadata": {}, "status": {"phase": "Failed", "reason": "Evicted"}})
    assert recorder.wait(named("dog"), timeout=0.01) is None


def test_the_load_is_the_average_of_the_moment_s_or_of_the_last_minute_s_where_that_is_more():
    recorder = Recorder()
    assert recorder.load == 1, "not known"
    for loadavg, cores in (("2.00 1.00 2.00 20/300 999", 2), ("16.00 1.00 2.00 3/300 999", 4)):
        recorder.add_load(load_per_core(loadavg, cores))
    assert recorder.load == (10 + 4) / 2
