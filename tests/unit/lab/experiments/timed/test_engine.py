"""A declaration is checked when it is made; its steps act on the context; its manifests can be applied by hand."""

import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import yaml

from lab.errors import LabError
from lab.experiments import texts
from lab.experiments.pods import backend, idle, pod, service
from lab.experiments.texts import same
from lab.experiments.timed import actions, timeline
from lab.experiments.timed.actions import Context
from lab.experiments.timed.engine import Ephemeral, Timed
from lab.experiments.timed.expectations import Expect
from lab.experiments.timed.measures import Answers, Occurs, restarts
from lab.experiments.timed.poller import Poll, polling
from lab.experiments.timed.record import answer, event, pod_ready, running
from lab.experiments.timed.recorder import Recorder

TEXT = {"asks": "asks", "because": "because", "source": "https://kubernetes.io"}


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Declare an experiment that is sound but for the changes."""
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    texts.load.cache_clear()
    content = {"expectations": {"it": TEXT}, "steps": {"fails": "fails"}, "tracks": {"pod": "Pod"}}

    def declare(expects=(), more_texts=None, **changes):
        (tmp_path / "sample.yaml").write_text(yaml.safe_dump({**content, **(more_texts or {})}))
        parts = {
            "services": [service("cats-service", "cats")],
            "pods": [pod("cats", backend(), idle("sidecar"))],
            "ready": [running("cats", "back")],
            "polls": [Poll("ip", "http://{cats}:3000/", "cats", "sidecar")],
            "steps": [actions.step("fails", actions.fault("cats", "readiness"))],
            "tracks": [timeline.ready("cats", "pod")],
        }
        sound = [Expect("it", "cats", "happens", Occurs(answer("ip", "refused"), "fails"))]
        return Timed("sample", "starting", expects=expects or sound, **{**parts, **changes})

    yield declare
    texts.load.cache_clear()


def expecting(measure):
    return {"expects": [Expect("it", "cats", "0", measure)]}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(expecting(Answers("name", "fails")), id="a poll"),
        pytest.param(expecting(Answers("ip", "passes")), id="a step"),
        pytest.param(expecting(Answers("ip", "fails", "passes")), id="a later step"),
        pytest.param(expecting(restarts("dogs", "back", same(""))), id="a Pod"),
        pytest.param(expecting(restarts("cats", "front", same(""))), id="a container"),
        pytest.param(expecting(Occurs(pod_ready("cats"), "fails", reason=event("dogs"))), id="an event's Pod"),
        pytest.param({"ready": [pod_ready("dogs")]}, id="a ready Pod"),
        pytest.param({"polls": [Poll("ip", "http://cats", "dogs", "dogs")]}, id="a poll's Pod"),
        pytest.param({"polls": [Poll("ip", "http://cats", "cats", "cats")]}, id="a poll's container"),
        pytest.param({"steps": [actions.step("fails", actions.Clear("dogs"))]}, id="an action's Pod"),
        pytest.param({"ephemeral": [Ephemeral("cats", "guest", target="front")]}, id="an ephemeral container's target"),
        pytest.param({"tracks": [timeline.container("cats", "front", "pod")]}, id="a track's container"),
        pytest.param({"tracks": [timeline.steps("passes", id_="pod")]}, id="a track's step"),
        pytest.param({"tracks": [timeline.ready("cats", "endpoint")]}, id="a track's text"),
        pytest.param({"steps": [actions.step("passes")]}, id="a step's text"),
        pytest.param({"more_texts": {"expectations": {"it": TEXT, "more": TEXT}}}, id="a text without an expectation"),
    ],
)
def test_what_is_not_declared_fails_at_import(declare, changes):
    declare()
    texts.load.cache_clear()
    with pytest.raises(KeyError):
        declare(**changes)


@pytest.fixture
def context():
    requests = []
    api = SimpleNamespace(
        call=lambda *words: requests.append(words), delete=lambda *words, **more: requests.append((*words, more))
    )
    return Context(None, api, "image", requests.append, "ns", Recorder(), None, {"requests": requests})


def test_steps_act_on_the_backend_by_way_of_the_api_server(context):
    for action in (
        actions.report("failing it"),
        actions.step("fails", actions.fault("cats", "latency", milliseconds=5), actions.Clear("cats")),
        actions.Delete("cats", 3),
    ):
        action(context)
    path = "/api/v1/namespaces/ns/pods/cats"
    assert context.data["requests"] == [
        "failing it",
        ("POST", f"{path}:3000/proxy/faults/latency", {"seconds": 120, "milliseconds": 5}),
        ("DELETE", f"{path}:3000/proxy/faults", None),
        (path, {"gracePeriodSeconds": 3}),
    ]
    assert [(item.kind, item.name) for item in context.recorder.observations] == [("step", "fails")]


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        pytest.param("", True, id="the last step"),
        pytest.param("errors", False, id="a step before, of a Pod's name"),
        pytest.param(answer("ip", "refused"), True, id="another match"),
    ],
)
def test_a_wait_looks_from_a_step_on(context, after, waits):
    context.recorder.add("answer", "ip", "timeout")
    context.recorder.add("Pod", "errors", "ADDED")
    context.step("errors")
    context.recorder.add("answer", "ip", "timeout")
    context.step("hangs")
    context.recorder.add("answer", "ip", "refused")
    timer = threading.Timer(0.1, context.recorder.add, ("answer", "ip", "timeout"))
    timer.start()
    actions.until(answer("ip", "timeout"), after=after, timeout=20)(context)
    assert (len(context.recorder.observations) == 7) is waits
    timer.join()


def test_a_wait_for_what_does_not_come_ends_without_an_error(context):
    actions.until(answer("ip"), timeout=0.01)(context)


def polled(monkeypatch, context, program):
    """Poll by this program instead."""
    command = [sys.executable, "-u", "-c", program]
    monkeypatch.setattr("lab.kubernetes.exec.client.kubectl_command", lambda *_: command)
    monkeypatch.setattr(
        "lab.kubernetes.exec.PodExec.__init__", lambda self, settings: setattr(self, "_settings", settings)
    )
    return polling(context, [Poll("ip", "http://{cats}/", "cats", "cats")], {"cats": "10.0.0.1"})


NETNS = 'print(\'{"name": "netns", "outcome": "net:[1]", "raw": ""}\')'


def test_what_a_poller_prints_is_recorded_until_the_end_of_the_block(monkeypatch, context):
    with polled(monkeypatch, context, f"{NETNS}; import time; time.sleep(20)"):
        assert context.recorder.wait(lambda observations: observations or None, timeout=10)
    assert [(item.name, item.change) for item in context.recorder.observations] == [("netns/cats/cats", "net:[1]")]


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(NETNS, id="ended"),
        pytest.param("print('Defaulted container'); import time; time.sleep(20)", id="prints what is no answer"),
    ],
)
def test_a_poller_that_no_longer_prints_is_an_error(monkeypatch, context, program):
    """It only prints changes: its silence would pass for the same answers."""

    @contextmanager
    def polled_until_silent():
        before = set(threading.enumerate())
        with polled(monkeypatch, context, program):
            for thread in set(threading.enumerate()) - before:
                thread.join(10)
            yield

    with pytest.raises(LabError, match="the poller in ns/cats, container cats has ended"), polled_until_silent():
        pass
