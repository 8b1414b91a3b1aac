"""Files that outlive the container."""

import logging

import pytest

from backend.shelf import Shelf


def test_what_is_written_can_be_read_by_the_next_one(tmp_path):
    Shelf(tmp_path, "back-7d9").write("numbers", [1, 2])
    assert Shelf(tmp_path, "back-7d9").read("numbers", list[int]) == [1, 2]


def test_another_pod_has_its_own(tmp_path):
    Shelf(tmp_path, "back-7d9").write("numbers", [1, 2])
    assert Shelf(tmp_path, "back-x2k").read("numbers", list[int]) is None


def test_a_name_cannot_lead_elsewhere(tmp_path):
    assert Shelf(tmp_path, "../../etc/x").path("numbers").parent == tmp_path


def test_what_is_taken_is_gone(tmp_path):
    shelf = Shelf(tmp_path, "back-7d9")
    shelf.write("numbers", [1, 2])
    assert (shelf.take("numbers", list[int]), shelf.take("numbers", list[int])) == ([1, 2], None)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def warnings(caplog, monkeypatch):
    """The service's own logger, once configured, has one handler and hands nothing on."""
    logger = logging.getLogger("backend")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_directory_that_is_not_there_is_told_once(tmp_path, warnings):
    shelf = Shelf(tmp_path / "absent", "back-7d9")
    shelf.write("numbers", [1])
    shelf.write("numbers", [2])
    assert shelf.read("numbers", list[int]) is None
    assert len(warnings()) == 1
    assert "STATE_DIR cannot be written" in warnings()[0]
