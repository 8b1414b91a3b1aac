"""Images: what counts as their content, what their names follow from, what is left out of them."""

import json
import os
import re
import sys
from dataclasses import replace

import pytest

from lab import cache, shell
from lab.config import ROOT
from lab.errors import LabError
from lab.images import app, dependencies, hashing, recipes

DATE = "2026-01-02T05:04:05+02:00"
EXISTS = '[{"Id": "x"}]'


def digest(folder):
    return hashing.digest(hashing.of_files(folder, hashing.service_files(folder)))


def write(folder, *names, text=""):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text or name)


@pytest.fixture
def service(tmp_path):
    write(tmp_path, "app.py", "static/page.js", "static/README.md")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tests/test_app.py", id="tests"),
        pytest.param("cats/__pycache__/cat.cpython-311.pyc.140", id="bytecode being written"),
        pytest.param("cat.pyc", id="bytecode"),
        pytest.param("screenshot.png", id="screenshot"),
        pytest.param("Dockerfile", id="recipe"),
        pytest.param("requirements.lock", id="lock"),
        pytest.param(".mypy_cache/x.json", id="hidden folder"),
        pytest.param("app.py~", id="editor's backup"),
    ],
)
def test_a_file_that_does_not_run_changes_nothing(service, name):
    before = digest(service)
    write(service, name)
    assert digest(service) == before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "app.py").write_text("other"), id="content"),
        pytest.param(lambda folder: (folder / "app.py").chmod(0o755), id="executable"),
        pytest.param(lambda folder: (folder / "app.py").rename(folder / "main.py"), id="name"),
        pytest.param(lambda folder: (folder / "empty.py").touch(), id="an empty file more"),
        pytest.param(lambda folder: write(folder, "roulette/lua/seek.lua"), id="what the code reads"),
        pytest.param(lambda folder: write(folder, "static/README.md", text="x"), id="a README that is served"),
    ],
)
def test_a_file_that_runs_changes_the_name(service, change):
    before = digest(service)
    change(service)
    assert digest(service) != before


def test_a_digest_keeps_parts_apart():
    assert hashing.digest(["ab", "c"]) != hashing.digest(["a", "bc"]) != hashing.digest(["abc"])
    assert hashing.digest(["x"]) == hashing.digest([b"x"]) == "028f0df5b859"


def test_what_a_killed_build_left_is_taken_away(settings):
    for name in ("building-x", "dependencies"):
        write(settings.cache, f"{name}/file")
    with cache.workspace(settings.cache) as folder:
        assert {path.name for path in settings.cache.iterdir()} == {"dependencies", folder.name}
    assert not folder.exists()


@pytest.mark.parametrize("name", ["slim", "cat/Dockerfile", "cat/packages"])
def test_a_recipe_is_named_after_all_that_it_is_made_of(tmp_path, monkeypatch, name):
    monkeypatch.setattr(recipes, "FOLDER", tmp_path)
    write(tmp_path, "slim", "cat/Dockerfile", "cat/packages")
    before = recipes.Recipe("cat").tag
    write(tmp_path, name, text="changed")
    assert recipes.Recipe("cat").tag != before


def test_a_reference_is_the_courses_name_and_a_digest_that_the_base_decides_too(settings, docker):
    calls = docker()
    published = replace(settings, images="published")
    for name, reference in app.references(settings).items():
        assert re.fullmatch(r"k8-chatroulette-(back|front):[0-9a-f]{12}", reference)
        assert reference.startswith(f"{name}:")
        assert reference != app.references(published)[name]
    assert calls() == []


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one commit, in place of ours."""
    root = tmp_path / "project"
    write(root, *(f"backend/{name}" for name in ("app.py", "Dockerfile", "requirements.lock")))
    write(root, "scripts/service_runtime/worker.py")
    write(root, "pyproject.toml", text='[project]\nversion = "1.2.3"\n')
    monkeypatch.setattr(app, "ROOT", root)
    git(root, "init", "--quiet")
    commit(root)
    return root


def git(root, *words):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    env = {"GIT_COMMITTER_DATE": DATE, "GIT_AUTHOR_DATE": DATE}
    return shell.run(["git", "-C", root, *who, *words], timeout=20, env=env).stdout.strip()


def commit(root):
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "a commit")


def test_the_source_is_the_commit_that_is_checked_out(project):
    write(project, "README.md", text="a commit that is not this service's")
    commit(project)
    last = git(project, "log", "-1", "--format=%h")
    write(project, "README.md", text="a change that is not this service's")
    assert app.source("back") == app.Source("1.2.3", last, "2026-01-02T03:04:05Z")


@pytest.mark.parametrize("name", ["backend/app.py", "scripts/service_runtime/worker.py"])
def test_a_change_that_is_not_committed_is_dirty(project, name):
    write(project, name, text="changed")
    os.utime(project / name, (2_000_000_000, 2_000_000_000))
    source = app.source("back")
    assert source.commit.endswith("-dirty")
    assert source.time == "2033-05-18T03:33:20Z"


def test_without_git_the_commit_is_unknown(project):
    (project / ".git").rename(project / "git")
    assert app.source("back").commit == "unknown"


@pytest.mark.parametrize(
    "name", ["backend/app.py", "backend/Dockerfile", "backend/requirements.lock", "scripts/service_runtime/worker.py"]
)
def test_whatever_is_in_the_image_is_in_its_name_and_no_other_is_built(project, settings, docker, name):
    """The files may change between the naming of an image and its build."""
    calls = docker({"image inspect chatroulette-dependencies": EXISTS, "build": ""})
    write(project, "backend/x.py")  # dirty from here on
    wanted = app.reference(settings, "back")
    app.build(settings, "back", wanted, lambda *_: None)
    assert f"--tag {wanted} " in calls()[-1]
    write(project, name, text="changed")
    with pytest.raises(LabError, match="backend/ or scripts/service_runtime/ changed meanwhile"):
        app.build(settings, "back", wanted, lambda *_: None)
    assert app.reference(settings, "back") != wanted


def test_both_dockerfiles_are_one_text():
    """They differ in the folder, the name, the port, and a description."""
    back, front = ((ROOT / folder / "Dockerfile").read_text() for folder in ("backend", "frontend"))
    same = back.replace("backend", "frontend").replace("chatroulette-back", "chatroulette-front")
    pairs = zip(same.splitlines(), front.splitlines(), strict=True)
    different = [line.split()[0] for line, other in pairs if line != other]
    assert different == ["EXPOSE", 'org.opencontainers.image.description="Cats']


@pytest.mark.parametrize("folder", ["backend", "frontend"])
def test_a_service_runs_as_a_numeric_user_and_its_build_runs_nothing(folder):
    lines = (ROOT / folder / "Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert not [line for line in lines if line.startswith(("RUN", "ADD", "VOLUME"))]
    command = next(line for line in lines if line.startswith("CMD")).removeprefix("CMD ")
    assert json.loads(command)[-1] == f"{folder}:create_app()"


def test_stripping_leaves_what_runs(tmp_path):
    kept = {"flask/app.py", "gevent/_loop.so", "babel/locale-data/fr_CA.dat", "babel/locale-data/root.dat", "a/licence"}
    removed = {"gevent/tests/test.py", "gevent/_loop.c", "babel/locale-data/de.dat", "bin/gunicorn", "a/b.pyi"}
    write(tmp_path, *kept, *removed)
    dependencies.strip(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == kept


def test_compiled_code_names_its_place_in_the_image(tmp_path, monkeypatch):
    write(tmp_path, "module.py", text="def fail():\n    raise ValueError\n")
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-313")
    assert not dependencies.compile_here(tmp_path, "/opt/python"), "another Python's code is not for the image"
    assert not (tmp_path / "__pycache__").exists()
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-311")
    assert dependencies.compile_here(tmp_path, "/opt/python")
    compiled = next((tmp_path / "__pycache__").iterdir()).read_bytes()
    assert b"/opt/python/module.py" in compiled
    assert compiled[4:8] == b"\x01\x00\x00\x00", "by hash, never checked: a read-only image does not change (PEP 552)"


def test_what_only_some_patch_version_of_python_needs_is_for_all(tmp_path):
    """The image's Python is another than ours, by whose version pip would decide."""
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1 ; python_full_version < '3.11.3' \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n")
    assert dependencies.for_any_patch(lock) == "a==1 \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n"


@pytest.mark.parametrize("folder", ["backend", "frontend"])
def test_no_lock_asks_for_a_patch_version_in_another_way(folder):
    text = dependencies.for_any_patch(ROOT / folder / "requirements.lock")
    assert "python_full_version" not in text
    assert "python_version" not in text
