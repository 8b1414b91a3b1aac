"""What is shown: of steps as they come, and of results."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from lab.deploy.status import Autoscaler, Node, Pod, Status, Url
from lab.report import progress
from lab.report.terminal import tables
from lab.results import Check, Requirement
from lab.steps import Event


@pytest.fixture
def out() -> Console:
    return Console(file=io.StringIO(), width=100, highlight=False)


def shown(out: Console) -> str:
    return out.file.getvalue()


@pytest.mark.parametrize(
    ("event", "left"),
    [
        pytest.param(Event("progress", "x", took=30, fraction=0.25), 90, id="counted"),
        pytest.param(Event("progress", "x", took=30, fraction=0.25, left=70), 70, id="estimated"),
        pytest.param(Event("progress", "x", took=30, expected=50), 20, id="known-to-take"),
        pytest.param(Event("progress", "x", took=60, expected=50), None, id="longer-than-known"),
        pytest.param(Event("progress", "x", took=30), None, id="unknown"),
    ],
)
def test_what_is_left_is_counted_or_known_or_not_said(event, left):
    assert progress.remaining(event) == left


def test_a_running_step_says_where_it_is():
    event = Event("progress", "Build", "linking", took=65, fraction=0.5, number=2, of=9)
    assert progress.running(event) == "2/9 Build  50%  1 min 05 s, about 1 min 05 s left  linking"
    assert progress.running(event, since=10) == "2/9 Build  50%  1 min 15 s, about 55.0 s left  linking"


ENDED = [
    "✓ Build 17.0 s well [ok]",
    "✓ Rest 0.0 s nothing to do",
    "✗ Look 2.0 s 1 disagree",
    "✗ Last 1.0 s",
    "! read me",
]


@pytest.mark.parametrize(
    ("verbose", "lines"),
    [
        pytest.param(False, ["… 0/0 Build 16.0 s later", *ENDED], id="plain"),
        pytest.param(True, ["• Build", "… 0/0 Build 1.0 s soon", "… 0/0 Build 16.0 s later", *ENDED], id="verbose"),
    ],
)
def test_plain_lines_are_one_a_step_and_a_sign_of_life(out, verbose, lines):
    view = progress.Plain(out, verbose=verbose)
    for event in [
        Event("start", "Build"),
        Event("progress", "Build", "soon", took=1),
        Event("progress", "Build", "later", took=16),
        Event("done", "Build", "well [ok]", took=17),
        Event("skipped", "Rest", "nothing to do"),
        Event("differs", "Look", "1 disagree", took=2),
        Event("failed", "Last", "why stands below", took=1),
        Event("note", "Last", "read me"),
    ]:
        view(event)
    assert [" ".join(line.split()) for line in shown(out).splitlines()] == lines


def test_json_is_one_event_a_line_without_empty_fields(capsys):
    progress.json_lines(Event("done", "Build", "well", took=2.5, number=1, of=1))
    assert json.loads(capsys.readouterr().out)["event"] == {
        "kind": "done", "step": "Build", "detail": "well", "took": 2.5, "number": 1, "of": 1,
    }  # fmt: skip


def test_checks_are_shown_by_vantage_with_each_reason_once(out):
    tables.checks(
        [
            Check("localhost", "container back", "http://localhost:3000/", "back", "200, back", ok=True, why="shared"),
            Check("name", "container back", "http://b:3000/", "no such name", "refused", ok=False, why="shared"),
        ],
        out,
    )
    text = shown(out)
    assert text.count("from container back") == 1
    assert text.count("shared") == 1
    assert "expected: no such name" in text
    assert text.index("✓") < text.index("✗")


def test_what_a_machine_lacks_comes_with_what_to_do(out):
    lacking = Requirement("disk", ok=False, seen="1 GiB", fix="free some")
    tables.requirements([lacking, Requirement("Python", ok=True, seen="3.11", fix="never shown")], out)
    assert ("free some" in shown(out), "never shown" in shown(out)) == (True, False)


MARKUP = "[red]x[/] [/]"
"""What rich would show without its tags, or refuse."""
STATUS = Status(
    MARKUP,
    MARKUP,
    "pods",
    (Node(MARKUP, ready=True, version=MARKUP),),
    (Pod(MARKUP, MARKUP, MARKUP, ready=True, phase=MARKUP, restarts=0, ip=""),),
    (Url(MARKUP, ok=True, said=MARKUP),),
    (Autoscaler(MARKUP, 1, 1, 3, "", MARKUP),),
    (MARKUP,),
)


@pytest.mark.parametrize(
    ("show", "result", "times"),
    [
        pytest.param(tables.requirements, [Requirement(MARKUP, ok=False, seen=MARKUP, fix=MARKUP)], 3, id="doctor"),
        pytest.param(
            tables.checks, [Check(MARKUP, MARKUP, MARKUP, MARKUP, MARKUP, ok=False, why=MARKUP)], 5, id="verify"
        ),
        pytest.param(tables.status, STATUS, 11, id="status"),
    ],
)
def test_what_comes_from_outside_is_shown_as_it_is(out, show, result, times):
    show(result, out)
    assert shown(out).count(MARKUP) == times


WELL = Status(
    "cats",
    "kind-cats",
    "pods",
    (Node("node", ready=True, version="v1.37.2"),),
    (Pod("back", "default", "back", ready=True, phase="Running", restarts=0, ip=""),),
    (Url("http://localhost:30080", ok=True, said="the page"),),
)


@pytest.mark.parametrize(
    ("changed", "well"),
    [
        pytest.param({}, True, id="well"),
        pytest.param({"pods": (replace(WELL.pods[0], ready=False),)}, False, id="a Pod is not Ready"),
        pytest.param({"urls": (replace(WELL.urls[0], ok=False),)}, False, id="an address does not answer"),
        pytest.param({"lacking": ("deployment/back: 1 of 2 Pods Ready",)}, False, id="too few Pods"),
        pytest.param({"pods": (), "urls": (replace(WELL.urls[0], ok=False),)}, True, id="nothing deployed"),
    ],
)
def test_a_status_is_well_where_all_that_is_there_is(changed, well):
    assert replace(WELL, **changed).is_well is well


@pytest.mark.parametrize(
    ("seconds", "written"), [(59.94, "59.9 s"), (59.97, "1 min 00 s"), (359.7, "6 min 00 s"), (65, "1 min 05 s")]
)
def test_sixty_seconds_are_a_minute(seconds, written):
    assert progress.clock(seconds) == written
