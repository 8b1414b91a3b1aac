"""Files that outlive the container."""

from backend.state_files import StateFiles


def test_the_next_container_of_the_same_pod_reads_what_was_written(tmp_path):
    StateFiles(tmp_path, "back-7d9").write("numbers", [1, 2])
    assert StateFiles(tmp_path, "back-7d9").read("numbers", list[int]) == [1, 2]
    assert StateFiles(tmp_path, "back-x2k").read("numbers", list[int]) is None


def test_a_pod_name_cannot_lead_elsewhere(tmp_path):
    assert StateFiles(tmp_path, "../../etc/x").path("numbers").parent == tmp_path


def test_what_is_taken_is_gone(tmp_path):
    state_files = StateFiles(tmp_path, "back-7d9")
    state_files.write("numbers", [1, 2])
    assert (state_files.take("numbers", list[int]), state_files.take("numbers", list[int])) == ([1, 2], None)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_logged_once(tmp_path, caplog):
    state_files = StateFiles(tmp_path / "absent", "back-7d9")
    state_files.write("numbers", [1])
    state_files.write("numbers", [2])
    assert state_files.read("numbers", list[int]) is None
    (message,) = caplog.messages
    assert "STATE_DIR cannot be written" in message
