"""What --watch shows: a change that matters, once it is whole, and nothing that time alone changes."""

import copy

import pytest

from lab.experiments.matrix import diff
from lab.experiments.results import Cell, ClusterVersions, Experiment, Measurement, Prediction
from lab.experiments.texts import Text

TEXT = Text("text", "texte")
POD = {
    "metadata": {"name": "cats", "namespace": "n", "uid": "1", "resourceVersion": "7", "labels": {"a": "b"}},
    "spec": {"hostname": "cats"},
    "status": {
        "podIP": "10.0.0.1",
        "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": "now"}],
        "containerStatuses": [{"name": "back", "containerID": "x", "state": {"running": {"startedAt": "then"}}}],
    },
}


class Api:
    """An API that has these Pods."""

    def __init__(self, *pods):
        self.pods = pods

    def items(self, path):
        return list(self.pods) if path.endswith("/pods") else []


def edited(path, value):
    pod = copy.deepcopy(POD)
    *way, last = path
    inner = pod
    for key in way:
        inner = inner[key]
    inner[last] = value
    return pod


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        pytest.param(("spec", "hostname"), "minou", True, id="a field"),
        pytest.param(("metadata", "labels"), {}, True, id="a label"),
        pytest.param(("metadata", "deletionTimestamp"), "now", True, id="its end"),
        pytest.param(("status", "podIP"), "10.0.0.2", True, id="its address"),
        pytest.param(("status", "conditions"), [{"type": "Ready", "status": "False"}], True, id="readiness"),
        pytest.param(("metadata", "resourceVersion"), "8", False, id="a version, with nothing in it"),
        pytest.param(("status", "conditions", 0, "lastProbeTime"), "later", False, id="a probe's time"),
    ],
)
def test_what_decides_on_answers_is_a_change(path, value, changed):
    before, after = (diff.state(Api(pod), ["n"]) for pod in (POD, edited(path, value)))
    assert diff.different(before, after) == (["Pod n/cats"] if changed else [])


def test_a_change_is_told_once_it_is_whole():
    states = iter([{"a": "1"}, {"a": "2"}, {"a": "3"}, {"a": "3"}])
    assert diff.awaited(lambda: next(states), {"a": "1"}, timeout=10) == {"a": "3"}


def test_no_change_is_none():
    assert diff.awaited(lambda: {"a": "1"}, {"a": "1"}, timeout=0.1) is None


def experiment(*outcomes):
    cells = [
        Cell("guest", address, "", Prediction("answers"), Measurement(outcome), agrees=True, mechanism="", because=TEXT)
        for address, outcome in zip(("localhost", "pod-name"), outcomes, strict=False)
    ]
    versions = ClusterVersions("", "", "", "", "", "")
    return Experiment("names", TEXT, TEXT, versions, "", 0.0, agrees=True, cells=tuple(cells))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(("answers",) * 2, ("answers", "no-name"), [("answers", "no-name")], id="another end"),
        pytest.param(("answers",), ("answers",) * 2, [(None, "answers")], id="a new cell"),
        pytest.param(("answers",), ("answers",), [], id="nothing"),
    ],
)
def test_the_cells_that_ended_otherwise_are_the_difference(before, after, expected):
    pairs = diff.between(experiment(*before), experiment(*after))
    assert [(was and was.measured.outcome, now.measured.outcome) for was, now in pairs] == expected
