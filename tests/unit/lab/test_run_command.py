"""`lab run` as it is typed: without Docker, from the first word to Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from ...service_process import unused_port  # noqa: TID252 - tests are no package

LAB = Path(sys.prefix) / "bin" / "lab"


@pytest.fixture
def running(tmp_path):
    """The command, and the first two lines of its output."""
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LAB_CACHE": str(tmp_path)}
    ports = (f"--front-port={unused_port()}", f"--back-port={unused_port()}")
    with subprocess.Popen([LAB, "run", *ports], env=env, stdout=subprocess.PIPE, text=True) as process:
        yield process, [process.stdout.readline().strip(), process.stdout.readline().strip()]
        process.kill()


def test_both_addresses_are_said_and_answer_until_ctrl_c(running):
    process, addresses = running
    assert [requests.get(address, timeout=5).status_code for address in addresses] == [200, 200]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    for address in addresses:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=5)


def test_faults_can_be_switched_on(running):
    _, (backend, _) = running
    assert requests.get(backend.replace("/version", "/faults"), timeout=5).status_code == 200
