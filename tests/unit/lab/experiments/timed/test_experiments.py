"""What the experiments in time make of a record that a cluster seldom gives; that they are right is proven on one."""

import pytest
import yaml
from prometheus_client import generate_latest

from backend.metrics import Metrics
from lab.experiments import catalog, pods
from lab.experiments.timed import liveness, probes, startup
from lab.experiments.timed.expectations import MAX_DELAY
from lab.experiments.timed.liveness import LIVENESS
from lab.experiments.timed.probes import FAILS, PROBES
from lab.experiments.timed.readiness import READINESS
from lab.experiments.timed.recorder import SHORT
from lab.experiments.timed.startup import IMPATIENT, PATIENT, RECEIVED, START_UP
from lab.experiments.timed.termination import TERMINATION, in_flight

EXPERIMENTS = [
    pytest.param(experiment, id=experiment.name) for experiment in (READINESS, LIVENESS, START_UP, PROBES, TERMINATION)
]


@pytest.mark.parametrize("name", catalog.TIMED)
def test_its_manifests_are_pods_and_services_with_the_image(name):
    text = catalog.find(name).manifests("registry/back:1")
    items = list(yaml.safe_load_all(text))
    assert {item["kind"] for item in items} <= {"Service", "Pod"}
    assert len({(item["kind"], item["metadata"]["name"]) for item in items}) == len(items)
    assert pods.IMAGE not in text
    assert "&id" not in text


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_where_nothing_happens_nothing_agrees(story, experiment):
    """But what is not to happen: a probe before the start, and a readiness that never comes."""
    for at, step in enumerate(experiment.steps):
        story.step(at, getattr(step, "id", ""))
    agree = {expect.id for expect in experiment.expects} - story.disagreements(experiment)
    assert agree == ({"held-back", "impatient-ready"} if experiment is START_UP else set())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_on_any_machine_a_window_ends_before_the_wait_does(experiment):
    """What comes in the wait's last seconds is too late: a window that outlasts the wait could not disagree."""
    windows = [expect.within for expect in experiment.expects if expect.within]
    assert windows
    assert all(most + MAX_DELAY < SHORT for _, most in windows)


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        pytest.param([("netns/cats/sidecar", "1"), ("netns", "1"), ("netns", "1")], "same", id="the same"),
        pytest.param([("netns/cats/sidecar", "1"), ("netns", "1"), ("netns", "2")], "another", id="another"),
        pytest.param([("netns", "1"), ("netns", "1")], "another", id="never read in the sidecar"),
    ],
)
def test_the_network_namespace_of_a_restarted_container(story, readings, value):
    for name, inode in readings:
        story.answer(1, name, inode)
    assert liveness.same_netns(story.record()).value == value


@pytest.mark.parametrize(
    ("at", "count"), [pytest.param(2, "1", id="before the start"), pytest.param(4, "0", id="after")]
)
def test_probes_are_held_back_until_the_start(story, at, count):
    story.pod(3, PATIENT, back={"started": True})
    story.event(at, PATIENT, "Unhealthy", "Readiness probe failed: connection refused", "back")
    assert startup.held_back(story.record()).value == count


def test_the_first_probe_that_the_app_received(story):
    story.answer(9, RECEIVED, "readyz", probes=[{"kind": "readyz"}])
    assert startup.first_probe(story.record()).value == "readyz"


def test_an_app_that_is_killed_as_it_starts_may_be_seen_ready(story):
    story.pod(5, IMPATIENT, ready=True)
    assert startup.ever_ready(story.record()).value == "happens"


@pytest.mark.parametrize(
    ("at", "change", "ids"),
    [
        pytest.param(15.5, {}, set(), id="all as predicted"),
        pytest.param(15.5, {"errors": "tcp"}, {"errors-tcp"}, id="TCP notices a 500"),
        pytest.param(15.5, {"loopback": "exec"}, {"loopback-exec"}, id="a command notices the loopback"),
        pytest.param(11.9, {}, {"hangs-http", "hangs-exec"}, id="before those that wait can have given up twice"),
    ],
)
def test_which_probes_notice_a_fault(story, runs, at, change, ids):
    well = {**runs, "ready": True}
    story.answer(1.5, "ping", "answers")
    for name in probes.FAULTS:
        story.pod(1.0, name, ready=True, back=well, http=well, tcp=well, exec=well)
        story.step(10.0, name)
    for name, kind in (*FAILS, *change.items()):
        story.pod(at, name, **{kind: {"ready": False}})
    assert story.disagreements(PROBES) == ids


def test_a_restart_of_any_container_is_counted(story, runs):
    story.pod(1, "errors", back=runs, tcp={**runs, "restartCount": 2})
    assert probes.all_restarts(story.record()).value == "2"


def test_requests_in_flight_are_read_off_the_metrics_as_the_backend_writes_them():
    metrics = Metrics()
    metrics.in_flight.set(2)
    assert in_flight(generate_latest(metrics.registry).decode()) == 2
