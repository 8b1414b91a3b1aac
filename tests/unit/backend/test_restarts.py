"""How the lives of a container are told, from what is known of their ends."""

from datetime import UTC, datetime, timedelta

import pytest

from backend import restarts
from backend.cgroup import Memory
from backend.restarts import Life
from backend.state_files import StateFiles

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def state_files(tmp_path):
    return StateFiles(tmp_path, "back-7d9")


@pytest.mark.parametrize(
    ("code", "oom", "expected"),
    [
        pytest.param(0, False, "exit", id="told-to-end"),
        pytest.param(42, False, "crash", id="own-code"),
        pytest.param(139, False, "crash", id="segmentation-fault"),
        pytest.param(137, False, "killed", id="sigkill"),
        pytest.param(137, True, "oom", id="sigkill-and-an-oom-kill"),
        pytest.param(1, True, "crash", id="an-oom-kill-of-somebody-else"),
    ],
)
def test_how_it_ended(code, oom, expected):
    assert restarts.how(code, oom=oom) == expected


def test_a_life_without_an_end_was_killed_when_it_was_last_seen():
    assert restarts.begin([Life(NOON)], LATER, NOON + timedelta(minutes=1)) == [
        Life(NOON, NOON + timedelta(minutes=1), "killed", 137),
        Life(LATER),
    ]


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(Memory(1000, 1000, 950), "oom", id="full"),
        pytest.param(Memory(1000, 1000, 949), "killed", id="not-quite: the rest is file cache"),
        pytest.param(Memory(None, 1000, 950), "killed", id="no-limit"),
        pytest.param(Memory(1000, None, None), "killed", id="no-figures"),
        pytest.param(None, "killed", id="no-reading"),
    ],
)
def test_a_life_without_an_end_whose_memory_was_full_ran_out_of_it(state_files, memory, expected):
    restarts.record_start(state_files, None)
    if memory:
        restarts.record_memory(state_files, memory)
    restarts.record_start(state_files, None)
    assert [(life.how, life.code) for life in restarts.read(state_files)] == [(expected, 137), (None, None)]


def test_a_reading_counts_for_its_own_life_only(state_files):
    restarts.record_start(state_files, None)
    restarts.record_memory(state_files, Memory(1000, 1000, 1000))
    restarts.record_end(state_files, 3, oom=False)
    restarts.record_start(state_files, None)
    restarts.record_start(state_files, None)
    assert [life.how for life in restarts.read(state_files)] == ["crash", "killed", None]


@pytest.mark.parametrize("seen", [None, NOON - timedelta(minutes=1)])
def test_nobody_ends_before_the_beginning(seen):
    assert restarts.begin([Life(NOON)], LATER, seen)[0].ended_at == NOON


def test_an_end_that_is_known_stays():
    ended = Life(NOON, LATER, "crash", 3)
    assert restarts.begin([ended], LATER, None)[0] == ended


def test_only_the_last_ten_are_kept():
    all_lives = []
    for minute in range(12):
        all_lives = restarts.begin(all_lives, NOON + timedelta(minutes=minute), None)
    assert [life.started_at.minute for life in all_lives] == list(range(2, 12))


def test_starts_and_ends_are_written(state_files):
    restarts.record_start(state_files, None)
    restarts.record_end(state_files, 42, oom=False)
    restarts.record_start(state_files, None)
    first, second = restarts.read(state_files)
    assert (first.how, first.code, second.how, second.code) == ("crash", 42, None, None)
    assert first.started_at <= first.ended_at <= second.started_at


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"\xff"])
def test_a_spoilt_file_is_no_history(state_files, content):
    state_files.path(restarts.FILE).write_bytes(content)
    restarts.record_start(state_files, None)
    assert len(restarts.read(state_files)) == 1
