"""Where the lab's context goes in the user's kubeconfig files, and that the rest stays: as `kubectl config` does."""

import os

import pytest
import yaml

from lab.cluster import kubeconfig
from lab.config import load
from lab.errors import BadInput, LabError, TimedOut
from lab.kubernetes import access

ADDED = {
    "clusters": [{"name": "kind-cats", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "kind-cats", "user": {}}],
    "contexts": [{"name": "kind-cats", "context": {"cluster": "kind-cats", "user": "kind-cats"}}],
    "current-context": "kind-cats",
}


def named(context, current=None):
    """Return a kubeconfig with one context."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": {"server": f"https://{context}"}}],
        "users": [],
        "contexts": [{"name": context, "context": {"cluster": context, "user": ""}}],
        "current-context": context if current is None else current,
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Write files, and return those that a KUBECONFIG leads to; relative names are from this folder."""
    monkeypatch.chdir(tmp_path)

    def write(value, contents):
        for name, content in contents.items():
            (tmp_path / name).write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return load({"KUBECONFIG": value}).kubeconfigs

    return write


def contexts(path):
    return [entry["name"] for entry in (access.read_kubeconfig(path) or {}).get("contexts") or []]


def current(files):
    return access.current_context(access.read_kubeconfigs(files).values())


@pytest.mark.parametrize(
    ("value", "contents", "written", "then"),
    [
        pytest.param("new", {}, "new", "kind-cats", id="one that is not there"),
        pytest.param("new:config", {"config": named("prod")}, "config", "prod", id="the first is not there"),
        pytest.param("config:new", {"config": named("prod")}, "config", "prod", id="the last is not there"),
        pytest.param("a:b", {}, "b", "kind-cats", id="none is there: the last"),
        pytest.param("a:b", {"a": named("x", ""), "b": named("prod")}, "a", "prod", id="current in the second"),
        pytest.param("a:b", {"a": named("x"), "b": named("prod")}, "a", "x", id="the first current one wins"),
        pytest.param("a:b", {"a": named("x"), "b": named("kind-cats")}, "b", "x", id="an entry stays in its file"),
        pytest.param("a:b", {"a": "", "b": named("kind-x")}, "a", "kind-cats", id="empty, and another kind cluster"),
        pytest.param("::config:", {"config": named("prod")}, "config", "prod", id="empty elements"),
        pytest.param("new:new", {}, "new", "kind-cats", id="twice the same"),
        pytest.param("a", {"a": "current-context: 7\n"}, "a", "7", id="a number, which kubectl takes for a name"),
        pytest.param("a", {"a": "contexts: null\n"}, "a", "kind-cats", id="null for a list"),
    ],
)
def test_the_entry_goes_where_kubectl_writes_and_nothing_is_left(tmp_path, home, value, contents, written, then):  # noqa: PLR0913, PLR0917 - a table
    files = home(value, contents)
    before = {path: access.read_kubeconfig(path) for path in files}
    there = {path.name for path in tmp_path.iterdir()}
    assert kubeconfig.add(files, ADDED) == (tmp_path / written, then == "kind-cats")
    assert current(files) == then
    assert [path.name for path in files if "kind-cats" in contexts(path)] == [written]
    kubeconfig.add(files, ADDED)
    kubeconfig.remove(files, "kind-cats")
    assert {path.name for path in tmp_path.iterdir()} == there
    for path in files:
        kept = {key: value for key, value in (access.read_kubeconfig(path) or {}).items() if value}
        if "kind-cats" not in str(before[path]):
            assert kept == {key: value for key, value in (before[path] or {}).items() if value}


def test_folders_that_were_made_for_it_go_too_unless_somebody_uses_them(tmp_path, home):
    files = home("a/b/config", {})
    kubeconfig.add(files, ADDED)
    (tmp_path / "a" / "other").touch()
    kubeconfig.remove(files, "kind-cats")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["other"]


def test_a_file_that_the_lab_made_stays_for_what_others_wrote_into_it(home):
    files = home("new", {})
    kubeconfig.add(files, ADDED)
    kubeconfig.add(files, yaml.safe_load(yaml.safe_dump(ADDED).replace("kind-cats", "kind-dogs")))
    kubeconfig.remove(files, "kind-cats")
    assert contexts(files[0]) == ["kind-dogs"]


def test_a_namespace_that_a_person_chose_stays(home):
    files = home("config", {"config": named("kind-cats")})
    config = access.read_kubeconfig(files[0])
    config["contexts"][0]["context"]["namespace"] = "mine"
    files[0].write_text(yaml.safe_dump(yaml.safe_load(yaml.dump(config, Dumper=kubeconfig._Dumper))))
    kubeconfig.add(files, ADDED)
    assert access.read_kubeconfig(files[0])["contexts"][0]["context"]["namespace"] == "mine"


def test_what_others_wrote_is_written_as_it_stood(home):
    """`'1e5'` is text to this YAML library without its quotes too, and a number to kubectl."""
    user = """users:
- name: "1e5"
  user:
    token: '1e5'
    password: 0123
    client-certificate: ../pki/me.pem
    exec: {command: aws, interactiveMode: Never}
"""
    files = home("config", {"config": user})
    kubeconfig.add(files, ADDED)
    kubeconfig.remove(files, "kind-cats")
    for line in ('- name: "1e5"', "token: '1e5'", "password: 0123", "client-certificate: ../pki/me.pem"):
        assert line in files[0].read_text()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_owner_group_and_mode_stay_and_a_link_stays_a_link(tmp_path, home, mode):
    files = home("link", {"dotfile": named("prod")})
    real = tmp_path / "dotfile"
    (tmp_path / "link").symlink_to("dotfile")
    real.chmod(mode)
    owner = (12345, 23456) if os.geteuid() == 0 else (-1, -1)
    os.chown(real, *owner)
    before = real.stat()
    kubeconfig.add(files, ADDED)
    assert files[0].is_symlink()
    after = real.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert contexts(files[0]) == ["prod", "kind-cats"]


def test_a_file_with_two_names_keeps_both(tmp_path, home):
    files = home("config", {"config": named("prod")})
    (tmp_path / "other").hardlink_to(files[0])
    kubeconfig.add(files, ADDED)
    assert contexts(tmp_path / "other") == ["prod", "kind-cats"]


@pytest.mark.parametrize(
    ("euid", "folder", "sudo", "expected"),
    [
        pytest.param(1000, (1000, 1000), {}, (-1, -1), id="a user: as it is made"),
        pytest.param(0, (0, 0), {"SUDO_UID": "1234", "SUDO_GID": "1235"}, (1234, 1235), id="the user behind sudo"),
        pytest.param(0, (43, 21), {"SUDO_UID": "1234"}, (43, 21), id="whose folder it is in"),
        pytest.param(0, (43, 21), {}, (43, 21), id="root in a user's folder"),
        pytest.param(0, (0, 0), {}, (-1, -1), id="root itself"),
    ],
)
def test_whose_a_new_file_is(euid, folder, sudo, expected):
    assert kubeconfig.user(euid, folder, sudo) == expected


def test_a_new_file_is_private(home):
    files = home(".kube/config", {})
    kubeconfig.add(files, ADDED)
    assert files[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("value", "contents", "message"),
    [
        pytest.param("good:bad", {"good": named("x"), "bad": "a: [\n"}, r"/bad is no kubeconfig: line 2: ", id="YAML"),
        pytest.param("good:bad", {"good": named("x"), "bad": "- x\n"}, "/bad is no kubeconfig", id="a list"),
        pytest.param("folder", {}, "/folder cannot be read: Is a directory", id="a directory"),
    ],
)
def test_a_broken_file_of_the_list_is_told_by_name(tmp_path, home, value, contents, message):
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=message) as error:
        kubeconfig.check(home(value, contents))
    assert "\n" not in error.value.what


@pytest.mark.parametrize(
    ("value", "read_only"),
    [
        pytest.param("config", "config", id="the file"),
        pytest.param("config", ".", id="its folder"),
        pytest.param("a/b/config", ".", id="the folder to make one in"),
    ],
)
def test_what_cannot_be_written_is_one_line_before_anything_is_done(tmp_path, home, monkeypatch, value, read_only):
    files = home(value, {"config": named("prod")})
    monkeypatch.setattr(os, "access", lambda path, _mode: path != (tmp_path / read_only))
    with pytest.raises(LabError, match=f"kubeconfig {files[0]} cannot be written: .* is read-only") as error:
        kubeconfig.check(files)
    assert "KUBECONFIG" in error.value.hint


def test_a_locked_kubeconfig_is_waited_for_then_named(tmp_path, home, monkeypatch):
    files = home("config", {"config.lock": ""})
    monkeypatch.setattr(kubeconfig, "LOCK_SECONDS", 0.1)
    with pytest.raises(TimedOut) as caught:
        kubeconfig.add(files, ADDED)
    assert f"rm {tmp_path}/config.lock" in caught.value.hint
