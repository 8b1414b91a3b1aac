"""The restart history of a container, from what is known of its ends."""

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


def history(state_files):
    return [(life.how, life.code) for life in restarts.read(state_files)]


@pytest.mark.parametrize(
    ("code", "oom", "expected"),
    [
        pytest.param(0, False, "exit", id="on request"),
        pytest.param(42, False, "crash", id="own code"),
        pytest.param(139, False, "crash", id="segmentation fault"),
        pytest.param(137, False, "killed", id="SIGKILL"),
        pytest.param(137, True, "oom", id="SIGKILL and an OOM kill"),
        pytest.param(1, True, "crash", id="an OOM kill of another process"),
    ],
)
def test_an_end_is_recorded_once(state_files, code, oom, expected):
    restarts.record_start(state_files, None)
    restarts.record_end(state_files, code, oom=oom)
    restarts.record_start(state_files, None)
    assert history(state_files) == [(expected, code), (None, None)]
    first, second = restarts.read(state_files)
    assert first.started_at <= first.ended_at <= second.started_at


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(Memory(1000, 1000, 950), "oom", id="full"),
        pytest.param(Memory(1000, 1000, 949), "killed", id="not quite: the rest is file cache"),
        pytest.param(Memory(None, 1000, 950), "killed", id="no limit"),
        pytest.param(Memory(1000, None, None), "killed", id="no figures"),
        pytest.param(None, "killed", id="no reading"),
    ],
)
def test_without_a_recorded_end_the_last_memory_reading_tells_why(state_files, memory, expected):
    restarts.record_start(state_files, None)
    if memory:
        restarts.record_memory(state_files, memory)
    restarts.record_start(state_files, None)
    assert history(state_files) == [(expected, 137), (None, None)]


def test_a_reading_counts_for_its_own_container_only(state_files):
    restarts.record_start(state_files, None)
    restarts.record_memory(state_files, Memory(1000, 1000, 1000))
    restarts.record_end(state_files, 3, oom=False)
    restarts.record_start(state_files, None)
    restarts.record_start(state_files, None)
    assert [how for how, _ in history(state_files)] == ["crash", "killed", None]


@pytest.mark.parametrize(
    ("last_probe", "ended_at"), [(LATER, LATER), (None, NOON), (NOON - timedelta(minutes=1), NOON)]
)
def test_without_a_recorded_end_it_ended_when_last_probed_but_not_before_its_start(state_files, last_probe, ended_at):
    state_files.write(restarts.FILE, [Life(NOON)])
    restarts.record_start(state_files, last_probe)
    assert restarts.read(state_files)[0].ended_at == ended_at


def test_only_the_last_ten_are_kept(state_files):
    state_files.write(restarts.FILE, [Life(NOON, LATER, "crash", code) for code in range(1, 13)])
    restarts.record_start(state_files, None)
    assert [code for _, code in history(state_files)] == [*range(4, 13), None]


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"\xff"])
def test_a_broken_file_is_no_history(state_files, content):
    state_files.path(restarts.FILE).write_bytes(content)
    restarts.record_start(state_files, None)
    assert history(state_files) == [(None, None)]
