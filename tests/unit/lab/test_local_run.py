"""Both services on this computer, without Docker."""

import threading

import pytest
import requests

from lab import local_run
from lab.errors import BadInput, LabError

from ...service_process import unused_port, wait_until  # noqa: TID252 - tests are no package


@pytest.fixture
def pair():
    with local_run.services(unused_port(), unused_port()) as pair:
        yield pair


@pytest.fixture
def running(pair, tmp_path, monkeypatch):
    """Both run; their code is watched in a folder of the test's own. Yields what was noted."""
    monkeypatch.setattr(local_run.LocalService, "folder", property(lambda service: tmp_path / service.package))
    for service in pair:
        service.folder.mkdir()
    notes, ended = [], threading.Event()
    thread = threading.Thread(target=local_run.run, args=(pair, notes.append, ended))
    thread.start()
    wait_until(lambda: len(notes) >= 2)
    yield notes
    ended.set()
    thread.join(20)


def test_the_page_reaches_the_backend(pair, running):
    back, front = pair
    assert running == [back.url, front.url]
    assert requests.get(f"http://localhost:{front.port}/api/backend", timeout=5).json()["hop"] == "ok"


def test_a_change_starts_its_service_anew(pair, running):
    back, front = pair
    before = (back.process.pid, front.process.pid)
    (back.folder / "cats.py").write_text("")
    wait_until(lambda: "backend started anew" in running)
    assert back.process.pid != before[0]
    assert front.process.pid == before[1]


def test_what_does_not_start_is_told_with_its_last_words(pair):
    back, _ = pair
    back.settings["MAX_VISITORS"] = "many"
    back.start()
    with pytest.raises(LabError, match=r"backend ended at its start: .*MAX_VISITORS"):
        back.wait()


def test_a_taken_port_is_refused(pair):
    back, front = pair
    back.start()
    back.wait()
    front.port = back.port
    with pytest.raises(BadInput, match=f"port {back.port} of this computer is taken by "):
        front.start()


def test_both_end_with_the_block():
    with local_run.services(unused_port(), unused_port()) as (back, _):
        back.start()
        back.wait()
        process = back.process
    assert process.poll() is not None
