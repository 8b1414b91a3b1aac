"""What a bundle has: the project, its Python packages, the images, the programs that were built, checksums."""

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from lab import docker, shell
from lab.cluster.node_image import build
from lab.cluster.node_image.recipe import Recipe
from lab.config import ROOT, Settings
from lab.errors import LabError
from lab.images import plan, registry
from lab.images.app import PYTHON, current
from lab.steps import Report, Step

SUMS = "SHA256SUMS"
_LOAD = Path(__file__).with_name("load")


def steps(settings: Settings, folder: Path) -> list[Step]:
    """Return the steps that put a bundle's content into an empty folder."""
    return [
        Step("Copy the project", lambda report: _project(folder / "project", report), expected=1),
        Step("Fetch the Python packages", lambda report: _wheels(folder / "wheels", report), expected=30),
        Step("Copy what was built", lambda report: _cache(settings, folder / "cache", report), expected=5),
        Step("Save the images", lambda report: _images(settings, folder / "images.tar", report), expected=30),
        Step("Write the checksums", lambda report: _sums(folder, report), expected=10),
    ]


def images(settings: Settings) -> list[str]:
    """Name all images that a cluster without a network needs.

    Raises LabError with those that are not in Docker: `make kind-up` makes all but Redis's, a deploy of scale that.
    """
    goproxy = build.tools(settings).get("goproxy")
    course = [image.recipe.tag for image in plan.substitutes(goproxy)]
    needed = [build.reference(Recipe(settings.kubernetes)), registry.RECIPE.tag, PYTHON.tag, *current(settings)[0]]
    missing = [name for name in (*needed, *course) if not docker.inspect(name, "image")]
    if missing:
        raise LabError(f"not built yet: {', '.join(missing)}", "LAB_IMAGES=packages make kind-up deploy builds them")
    redis = plan.REDIS.recipe.tag
    return sorted({*needed, *course, *([redis] if docker.inspect(redis, "image") else [])})


def _project(target: Path, _report: Report) -> str:
    """Copy the files that Git tracks, as they are now."""
    files = shell.run(["git", "-C", ROOT, "ls-files", "-z"], timeout=60).stdout.split("\0")
    present = [ROOT / name for name in files if name and (ROOT / name).is_file()]
    for path in present:
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return f"{len(present)} files"


def _wheels(target: Path, report: Report) -> str:
    """Download what the lock file pins, checked by its hashes, for this Python and this kind of machine."""
    lock = ROOT / "scripts" / "requirements.lock"
    words = ("download", "--quiet", "--no-deps", "--require-hashes", "--disable-pip-version-check")
    argv: list[str | Path] = [sys.executable, "-m", "pip", *words, "--requirement", lock, "--dest", target]
    shell.run(argv, timeout=900, on_line=report, hint="the Python package index must be in reach")
    return f"{len(list(target.iterdir()))} packages for Python {_python()}"


def _cache(settings: Settings, target: Path, _report: Report) -> str:
    programs = build.Build(settings, Recipe(settings.kubernetes)).programs
    if not programs.exists():
        raise LabError(f"not built yet: {programs.name}", "LAB_IMAGES=packages make kind-up builds it")
    shutil.copytree(programs, target / "node" / programs.name)
    for path in current(settings)[1]:
        if path.exists():
            shutil.copytree(path, target / path.relative_to(settings.cache))
    return programs.name


def _images(settings: Settings, target: Path, report: Report) -> str:
    names = images(settings)
    report(f"{len(names)} images")
    docker.docker("save", "--output", target, *names, timeout=600)
    return f"{len(names)} images, {target.stat().st_size / 1e6:,.0f} MB"


def _sums(folder: Path, _report: Report) -> str:
    shutil.copy2(_LOAD, folder / "load")
    (folder / "python").write_text(f"{_python()}\n")
    lines = [f"{_sha256(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / SUMS).write_text("".join(lines))
    return f"{len(lines)} files"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
