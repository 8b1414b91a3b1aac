"""A plain user: what is asked of sudo, and how a member of Docker's group since today goes on without a new login."""

import grp
import os
import pwd
import sys
from types import SimpleNamespace

import pytest

from lab import mmdebstrap, privileges
from lab.errors import LabError, TimedOut

ANNA = SimpleNamespace(pw_name="anna", pw_gid=1000)


@pytest.fixture
def anna(monkeypatch, tmp_path):
    """A plain user before a closed socket; ``members`` are those of its group."""
    members = []
    groups = {1000: SimpleNamespace(gr_name="anna", gr_mem=[])}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, *mode: path != privileges.SOCKET and access(path, *mode))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: ANNA)
    docker = SimpleNamespace(gr_name="docker", gr_mem=members)
    monkeypatch.setattr(grp, "getgrgid", lambda number: groups.get(number, docker))
    monkeypatch.setattr(grp, "getgrnam", lambda _: docker)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(privileges, "SOCKET", tmp_path / "docker.sock")
    (tmp_path / "docker.sock").touch()
    return members


@pytest.fixture
def started(monkeypatch):
    """What would have taken this process over."""
    seen = []
    monkeypatch.setattr(os, "execvp", lambda _, words: seen.append(words))
    return seen


@pytest.mark.usefixtures("anna")
def test_sudo_passes_proxies_on_and_ends_what_takes_too_long(program, monkeypatch, tmp_path):
    program("sudo", f'echo "$*" > {tmp_path}/call; exit 124')
    monkeypatch.setenv("https_proxy", "http://proxy.test")
    with pytest.raises(TimedOut):
        privileges.as_root(["apt-get", "update"], print, timeout=7)
    call = (tmp_path / "call").read_text()
    assert "https_proxy=http://proxy.test" in call
    assert call.endswith("timeout --foreground 7 apt-get update\n")


@pytest.mark.usefixtures("anna")
def test_without_sudo_it_is_said_what_root_would_run(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError, match="no sudo") as error:
        privileges.as_root(["apt-get", "install", "two words"], print, timeout=7)
    assert error.value.hint == "as root, run: apt-get install 'two words'"


@pytest.mark.usefixtures("anna")
def test_who_is_not_in_docker_s_group_is_made_a_member(program, tmp_path):
    program("sudo", f'echo "$*" > {tmp_path}/call')
    with pytest.raises(privileges.NewMember, match="group docker"):
        privileges.open_docker_socket(print)
    assert (tmp_path / "call").read_text().endswith("usermod --append --groups docker anna\n")


@pytest.mark.usefixtures("anna")
def test_who_may_not_use_sudo_is_told_what_to_ask_for(program):
    program("sudo", "exit 1")
    with pytest.raises(LabError, match="not open to you") as error:
        privileges.open_docker_socket(print)
    assert error.value.hint == "sudo usermod -aG docker anna, then log in again"


@pytest.mark.parametrize("why", ["another-socket", "socket-of-root-s-group"])
@pytest.mark.usefixtures("anna")
def test_no_membership_opens_another_socket(monkeypatch, why):
    if why == "another-socket":
        monkeypatch.setenv("DOCKER_HOST", "unix:///elsewhere.sock")
    else:
        monkeypatch.setattr(grp, "getgrgid", lambda _: SimpleNamespace(gr_name="root"))
    with pytest.raises(LabError, match="not open to you") as error:
        privileges.open_docker_socket(print)
    assert error.value.hint.startswith("see: ls -l")


def test_a_member_since_the_login_is_started_again_once_with_the_own_group_first(anna, program, started, monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "say('it')", "a b"])
    monkeypatch.setenv(privileges._JOINED, "")
    monkeypatch.delenv(privileges._JOINED)
    program("sg", "")
    privileges.join_docker_group()
    assert not started  # no member yet
    anna.append("anna")
    privileges.join_docker_group()
    ((*words, command),) = started
    assert words == ["sg", "docker", "-c"]
    assert command.startswith("sg anna -c ")
    privileges.join_docker_group()
    assert len(started) == 1


@pytest.mark.parametrize(("uid", "first"), [(0, True), (1000, False)], ids=["root", "plain"])
def test_root_unpacks_beside_the_result_and_sudo_never_in_a_users_folder(monkeypatch, tmp_path, uid, first):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert (mmdebstrap.temporary_folder(tmp_path) == tmp_path) is first


def test_a_folder_where_no_program_may_run_is_passed_over(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_NOEXEC * (path == tmp_path)))
    assert mmdebstrap.temporary_folder(tmp_path) != tmp_path
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NODEV))
    with pytest.raises(LabError, match="noexec or nodev"):
        mmdebstrap.temporary_folder(tmp_path)


@pytest.mark.usefixtures("anna")
def test_what_root_unpacks_is_the_users_file(program, tmp_path):
    program("sudo", 'for last; do :; done; [ -f "$last" ]')
    mmdebstrap.make(["mmdebstrap"], tmp_path / "root.tar", print, timeout=7, hint="")
    assert (tmp_path / "root.tar").exists()
