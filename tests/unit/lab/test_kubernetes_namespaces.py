"""Which namespaces are orphans: those of a process that has ended, by /proc on Linux, by ps elsewhere."""

import os
import subprocess
import sys

import pytest

from lab.kubernetes import namespaces

from .fake_api import FakeApi

START = "Mon Nov 23 01:58:08 2026"


@pytest.fixture
def without_proc(monkeypatch, tmp_path, program):
    """A system without /proc, on which this process runs and no other."""
    program("ps", f'[ "$4" = {os.getpid()} ] && echo "{START}"')
    monkeypatch.setattr(namespaces, "PROC", tmp_path)


@pytest.mark.usefixtures("without_proc")
@pytest.mark.parametrize(
    ("owner", "alive"),
    [
        pytest.param(f"{os.getpid()}@{START}@", True, id="this one"),
        pytest.param(f"{os.getpid()}@Mon Nov 23 01:00:00 2026@", False, id="another had this pid"),
        pytest.param(f"{os.getpid()}@{START}@8f2c", False, id="another boot"),
        pytest.param(f"999999@{START}@", False, id="ended"),
        pytest.param("999999@@", True, id="its start is not known"),
        pytest.param("", True, id="no owner"),
    ],
)
def test_without_proc_ps_tells_whether_a_process_is_alive(owner, alive):
    assert namespaces.is_alive(owner) is alive
    assert namespaces.process_id(os.getpid()) == f"{os.getpid()}@{START}@"


def owned(name, pid):
    meta = {
        "name": name,
        "labels": {namespaces.LABEL: "x"},
        "annotations": {namespaces.OWNER: namespaces.process_id(pid)},
    }
    return {f"/api/v1/namespaces/{name}": {"metadata": meta}}


def test_a_namespace_is_an_orphan_once_its_process_has_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        api = FakeApi(**owned("own", os.getpid()), **owned("other", other.pid))
        assert namespaces.delete_orphans(api) == []
        other.kill()
    assert namespaces.of_this_process(api) == ["own"]
    assert namespaces.delete_orphans(api) == ["other"]
    assert ("DELETE", "/api/v1/namespaces/other") in api.sent
