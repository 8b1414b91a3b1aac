"""Files that outlive the container."""

import logging

import pytest

from backend.state_files import StateFiles


def test_what_is_written_can_be_read_by_the_next_one(tmp_path):
    StateFiles(tmp_path, "back-7d9").write("numbers", [1, 2])
    assert StateFiles(tmp_path, "back-7d9").read("numbers", list[int]) == [1, 2]


def test_another_pod_has_its_own(tmp_path):
    StateFiles(tmp_path, "back-7d9").write("numbers", [1, 2])
    assert StateFiles(tmp_path, "back-x2k").read("numbers", list[int]) is None


def test_a_name_cannot_lead_elsewhere(tmp_path):
    assert StateFiles(tmp_path, "../../etc/x").path("numbers").parent == tmp_path


def test_what_is_taken_is_gone(tmp_path):
    state_files = StateFiles(tmp_path, "back-7d9")
    state_files.write("numbers", [1, 2])
    assert (state_files.take("numbers", list[int]), state_files.take("numbers", list[int])) == ([1, 2], None)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The service's own logger, once configured, has one handler and hands nothing on."""
    logger = logging.getLogger("backend")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_directory_that_is_not_there_is_told_once(tmp_path, warnings):
    state_files = StateFiles(tmp_path / "absent", "back-7d9")
    state_files.write("numbers", [1])
    state_files.write("numbers", [2])
    assert state_files.read("numbers", list[int]) is None
    assert len(warnings()) == 1
    assert "STATE_DIR cannot be written" in warnings()[0]
