"""Whose namespaces are swept: those of a process that is gone, on Linux by /proc, elsewhere by ps."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lab.kubernetes import namespaces
from lab.shell import Completed

BEGAN = "Mon Nov 23 01:58:08 2026"


@pytest.fixture
def without_proc(monkeypatch, tmp_path):
    """Let this be a system without /proc, on which this very process runs and no other."""

    def ps(words, **_options):
        lives = words[-1] == str(os.getpid())
        return Completed(tuple(words), 0 if lives else 1, f"{BEGAN}\n" if lives else "", "")

    monkeypatch.setattr(namespaces, "_PROC", tmp_path)
    monkeypatch.setattr(namespaces.shell, "run", ps)


@pytest.mark.usefixtures("without_proc")
@pytest.mark.parametrize(
    ("said", "lives"),
    [
        pytest.param(f"{os.getpid()}@{BEGAN}@", True, id="ours"),
        pytest.param(f"{os.getpid()}@Mon Nov 23 01:00:00 2026@", False, id="another one had our id"),
        pytest.param(f"{os.getpid()}@{BEGAN}@8f2c", False, id="another boot"),
        pytest.param(f"999999@{BEGAN}@", False, id="gone"),
        pytest.param("999999@@", True, id="when it began is not said"),
        pytest.param(None, True, id="no owner"),
    ],
)
def test_without_proc_ps_tells(said, lives):
    assert namespaces._lives(said) is lives


@pytest.mark.usefixtures("without_proc")
def test_without_proc_too_the_owner_lives():
    assert namespaces.owner() == f"{os.getpid()}@{BEGAN}@"


def test_a_process_lives_until_it_has_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        said = f"{other.pid}@{namespaces._began(other.pid)}@{namespaces._boot()}"
        assert namespaces._lives(said)
        other.kill()
    assert not namespaces._lives(said)
    assert namespaces._lives(namespaces.owner())
