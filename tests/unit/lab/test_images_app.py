"""The two services' images: their names, their Dockerfiles, what is left out of them."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from lab import config, docker, images, shell
from lab.config import ROOT
from lab.errors import LabError
from lab.images import app, dependencies, registry
from lab.steps import Event, Report

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load({"LAB_CACHE": str(tmp_path), "LAB_IMAGES": "packages"})


def test_a_reference_is_the_courses_name_and_a_digest(settings: Settings) -> None:
    for name, reference in app.references(settings).items():
        assert re.fullmatch(r"k8-chatroulette-(back|front):[0-9a-f]{12}", reference)
        assert reference.startswith(f"{name}:")


def test_the_base_is_in_the_name_and_docker_is_not_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "docker", lambda *_, **__: pytest.fail("Docker was asked"))
    published = replace(settings, images="published")
    assert app.base(published) == "python:3.11-slim-bookworm"
    assert app.base(settings).startswith("chatroulette-python:")
    assert app.reference(published, "back") != app.reference(settings, "back")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one commit, in place of ours."""
    root = tmp_path / "project"
    runtime = root / "scripts" / "service_runtime"
    runtime.mkdir(parents=True)
    (runtime / "worker.py").touch()
    (root / "backend").mkdir()
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    for name in ("app.py", "Dockerfile", "requirements.lock"):
        (root / "backend" / name).write_text(name)
    monkeypatch.setattr(app, "ROOT", root)
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
        _git(root, *words)
    return root


def _git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    date = {"GIT_COMMITTER_DATE": "2026-01-02T05:04:05+02:00", "GIT_AUTHOR_DATE": "2026-01-02T05:04:05+02:00"}
    return shell.run(["git", "-C", root, *who, *words], timeout=20, env=date).stdout.strip()


def test_the_source_is_the_folders_last_commit(project: Path) -> None:
    commit = _git(project, "log", "-1", "--format=%h")
    assert app.source("back") == app.Source("1.2.3", commit, "2026-01-02T03:04:05Z")
    (project / "README.md").write_text("a commit that is not this service's")
    _git(project, "add", ".")
    _git(project, "commit", "--quiet", "--message", "second")
    assert app.source("back").commit == commit


@pytest.mark.parametrize("name", ["backend/app.py", "scripts/service_runtime/worker.py"])
def test_a_change_that_is_not_committed_is_dirty(project: Path, name: str) -> None:
    (project / name).write_text("changed")
    os.utime(project / name, (2_000_000_000, 2_000_000_000))
    source = app.source("back")
    assert source.commit.endswith("-dirty")
    assert source.time == "2033-05-18T03:33:20Z"


def test_without_git_the_commit_is_unknown(project: Path) -> None:
    (project / ".git").rename(project / "git")
    assert app.source("back").commit == "unknown"


@pytest.mark.parametrize(
    "name",
    ["backend/app.py", "backend/Dockerfile", "backend/requirements.lock", "scripts/service_runtime/worker.py"],
)
def test_whatever_is_in_the_image_is_in_its_name(project: Path, settings: Settings, name: str) -> None:
    (project / "backend" / "x.py").touch()  # dirty from here on
    before = app.reference(settings, "back")
    assert app.reference(settings, "back") == before
    (project / name).write_text("changed")
    assert app.reference(settings, "back") != before


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is built, with a Docker that has nothing."""
    tags: list[str] = []
    monkeypatch.setattr(docker, "inspect", lambda *_: None)
    monkeypatch.setattr(docker, "build", lambda _context, tag, **_: tags.append(tag))
    monkeypatch.setattr(dependencies, "prepare", lambda *_: "stage")
    return tags


@pytest.mark.usefixtures("project")
def test_what_was_named_is_built(settings: Settings, built: list[str]) -> None:
    wanted = app.reference(settings, "back")
    app.build(settings, "back", wanted, lambda *_: None)
    assert built == [wanted]


def test_files_that_changed_since_they_were_named_are_not_built(
    project: Path, settings: Settings, built: list[str]
) -> None:
    wanted = app.reference(settings, "back")
    (project / "backend" / "app.py").write_text("changed")
    with pytest.raises(LabError, match="backend/ or scripts/service_runtime/ changed meanwhile"):
        app.build(settings, "back", wanted, lambda *_: None)
    assert built == []


def test_deploy_pushes_the_references_that_it_applies(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed once: files that change in between would give a Pod a tag that the registry has not."""
    references = {app.repository(service): f"{app.repository(service)}:named" for service in app.SERVICES}
    empty = SimpleNamespace(digest=lambda _name: None)
    pushed: list[str] = []
    monkeypatch.setattr(app, "reference", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr(app, "build", lambda *_: None)
    monkeypatch.setattr(registry, "find", lambda *_: empty)
    monkeypatch.setattr(registry, "ensure", lambda *_: empty)
    monkeypatch.setattr(registry, "push", lambda _registry, local, *_: pushed.append(local))
    push = images.app_steps(settings, references)[-1]
    assert push.done is not None
    assert push.done() is None
    push.action(Report(lambda _event: None, Event("start", "push")))
    assert pushed == list(references.values())


def test_both_dockerfiles_are_one_text() -> None:
    """They differ in the folder, the name, the port, and a description."""
    back, front = ((ROOT / folder / "Dockerfile").read_text() for folder in ("backend", "frontend"))
    same = back.replace("backend", "frontend").replace("chatroulette-back", "chatroulette-front")
    pairs = zip(same.splitlines(), front.splitlines(), strict=True)
    different = [line.split()[0] for line, other in pairs if line != other]
    assert different == ["EXPOSE", 'org.opencontainers.image.description="Cats']


@pytest.mark.parametrize("folder", ["backend", "frontend"])
def test_a_service_runs_as_a_numeric_user_and_its_build_runs_nothing(folder: str) -> None:
    lines = (ROOT / folder / "Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert not [line for line in lines if line.startswith(("RUN", "ADD", "VOLUME"))]
    command = next(line for line in lines if line.startswith("CMD")).removeprefix("CMD ")
    assert json.loads(command)[-1] == f"{folder}:create_app()"


def test_stripping_leaves_what_runs(tmp_path: Path) -> None:
    kept = {"flask/app.py", "gevent/_loop.so", "babel/locale-data/fr_CA.dat", "babel/locale-data/root.dat", "a/licence"}
    gone = {"gevent/tests/test.py", "gevent/_loop.c", "babel/locale-data/de.dat", "bin/gunicorn", "a/b.pyi"}
    for name in kept | gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    dependencies.strip(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == kept


def test_compiled_code_names_its_place_in_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module.py").write_text("def fail():\n    raise ValueError\n")
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-313")
    assert not dependencies.compile_here(tmp_path, "/opt/python"), "another Python's code is not for the image"
    assert not (tmp_path / "__pycache__").exists()
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-311")
    assert dependencies.compile_here(tmp_path, "/opt/python")
    compiled = next((tmp_path / "__pycache__").iterdir()).read_bytes()
    assert b"/opt/python/module.py" in compiled
    assert compiled[4:8] == b"\x01\x00\x00\x00", "by hash, never checked: a read-only image does not change (PEP 552)"


def test_what_only_some_patch_version_of_python_needs_is_for_all(tmp_path: Path) -> None:
    """The image's Python is another than ours, by whose version pip would decide."""
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1 ; python_full_version < '3.11.3' \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n")
    assert dependencies.for_any_patch(lock) == "a==1 \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n"


@pytest.mark.parametrize("folder", ["backend", "frontend"])
def test_no_lock_asks_for_a_patch_version_in_another_way(folder: str) -> None:
    text = dependencies.for_any_patch(ROOT / folder / "requirements.lock")
    assert "python_full_version" not in text
    assert "python_version" not in text
