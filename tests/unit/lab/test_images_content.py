"""What counts as an image's content, and what its name follows from."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from lab import config
from lab.images import hashing, recipes

if TYPE_CHECKING:
    from pathlib import Path


def _digest(folder: Path) -> str:
    return hashing.digest(hashing.of_files(folder, hashing.service_files(folder)))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    for name in ("app.py", "static/page.js", "static/README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tests/test_app.py", id="tests"),
        pytest.param("cats/__pycache__/cat.cpython-311.pyc", id="bytecode"),
        pytest.param("cats/__pycache__/cat.cpython-311.pyc.140", id="bytecode being written"),
        pytest.param("screenshot.png", id="screenshot"),
        pytest.param("Dockerfile", id="recipe"),
        pytest.param("requirements.lock", id="lock"),
        pytest.param(".mypy_cache/x.json", id="hidden folder"),
        pytest.param("static/.page.js.swp", id="editor's"),
        pytest.param("app.py~", id="editor's backup"),
    ],
)
def test_a_file_that_does_not_run_changes_nothing(service: Path, name: str) -> None:
    before = _digest(service)
    (service / name).parent.mkdir(parents=True, exist_ok=True)
    (service / name).write_text("new")
    assert _digest(service) == before


def test_a_file_that_runs_changes_the_name(service: Path) -> None:
    app = service / "app.py"
    changes = [
        lambda: app.write_text("other"),
        lambda: app.chmod(0o755),
        lambda: app.rename(service / "main.py"),
        (service / "empty.py").touch,
    ]
    digests = {_digest(service), *((change(), _digest(service))[1] for change in changes)}
    assert len(digests) == 5


@pytest.mark.parametrize("name", ["roulette/lua/seek.lua", "cats/words.json"])
def test_whatever_a_service_reads_is_in_its_image(service: Path, name: str) -> None:
    before = _digest(service)
    (service / name).parent.mkdir(parents=True)
    (service / name).touch()
    assert service / name in hashing.service_files(service)
    assert _digest(service) != before


def test_a_touch_changes_nothing(service: Path) -> None:
    before = _digest(service)
    (service / "app.py").touch()
    assert _digest(service) == before


def test_a_digest_keeps_parts_apart() -> None:
    assert hashing.digest(["ab", "c"]) != hashing.digest(["a", "bc"]) != hashing.digest(["abc"])
    assert hashing.digest(["x"]) == hashing.digest([b"x"]) == "028f0df5b859"


def test_a_readme_within_a_folder_is_served(service: Path) -> None:
    """Only the service's own README, at its top, is for readers of the code."""
    assert service / "static/README.md" in hashing.service_files(service)


def test_what_a_killed_build_left_is_taken_away(tmp_path: Path) -> None:
    """A build that still runs in another process keeps its folder."""
    settings = config.load({"LAB_CACHE": str(tmp_path)})
    for name, age in (("build-old", 7200), ("build-running", 60), ("dependencies", 7200)):
        (settings.cache / name).mkdir(parents=True)
        os.utime(settings.cache / name, (time.time() - age,) * 2)
    with recipes.workspace(settings) as folder:
        assert {path.name for path in settings.cache.iterdir()} == {"build-running", "dependencies", folder.name}
    assert not folder.exists()


def test_a_recipe_is_named_after_all_that_it_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "FOLDER", tmp_path)
    for name in ("slim", "cat/Dockerfile", "cat/packages"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    tags = {recipes.Recipe("cat").tag}
    for name in ("slim", "cat/Dockerfile", "cat/packages"):
        (tmp_path / name).write_text("changed")
        tags.add(recipes.Recipe("cat").tag)
    assert len(tags) == 4
