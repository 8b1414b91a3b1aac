"""Fetch a service's locked wheels on this machine: pip inside `docker build` fails behind a company's own authority."""

import compileall
import py_compile
import re
import shutil
import sys
from pathlib import Path

from lab import cache, docker, pip
from lab.config import Settings
from lab.images import hashing, recipes
from lab.steps import Report

RECIPE = recipes.FOLDER / "dependencies" / "Dockerfile"
TARGET = "/opt/python"
PYTHON = "3.11"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_GLIBC = (36, 34, 31, 28, 27, 24, 17)
"""Minor versions of glibc 2 that wheels are built for, down from bookworm's own 2.36."""
_UNUSED_SUFFIXES = frozenset({".c", ".cpp", ".h", ".pxd", ".pyi", ".pyx", ".pyc"})
_UNUSED_FOLDERS = frozenset({"__pycache__", "bin", "test", "testing", "tests"})
_LANGUAGES = frozenset({"en", "fr", "root"})
_PATCH_ONLY = re.compile(r" ; python_full_version < '[0-9.]+'(?= )")
_TIMEOUT = 600


def tag(lock: Path, base: str) -> str:
    return f"chatroulette-dependencies:{hashing.digest([RECIPE.read_bytes(), base, for_any_patch(lock)])}"


def prepare(settings: Settings, lock: Path, base: str, report: Report) -> str:
    """Build the image of a lock file's wheels on a base, unless the local Docker has it, and name it."""
    name = tag(lock, base)
    if not docker.inspect(name, "image"):
        wheels = fetch(settings, lock, base, report)
        report("adding them to Docker")
        docker.build(settings, wheels, name, args={"BASE": base}, dockerfile=RECIPE)
    return name


def cached(settings: Settings, lock: Path, arch: str) -> Path:
    return settings.cache / "dependencies" / hashing.digest([PYTHON, arch, for_any_patch(lock)])


def fetch(settings: Settings, lock: Path, base: str, report: Report) -> Path:
    """Return the folder of a lock file's wheels, unpacked, stripped and compiled; cached by the lock's content."""
    arch = docker.architecture()
    folder = cached(settings, lock, arch)
    if folder.exists():
        return folder
    with cache.workspace(settings.cache) as work:
        report("fetching wheels")
        wheels = work / "wheels"
        (work / lock.name).write_text(for_any_patch(lock))
        _install(work / lock.name, arch, wheels)
        strip(wheels)
        report("compiling")
        if not compile_here(wheels, TARGET):
            _compile_inside(settings, wheels, base)
        folder.parent.mkdir(exist_ok=True)
        wheels.rename(folder)
    return folder


def for_any_patch(lock: Path) -> str:
    """Return the lock's text without the markers that limit a package to some patch versions of Python.

    pip evaluates them for the Python that it runs on, but the image has another: Debian 12's is 3.11.2.
    """
    return _PATCH_ONLY.sub("", lock.read_text())


def strip(folder: Path) -> None:
    """Remove what a running service never reads: tests, C sources, scripts, and the locales of other languages."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and path.name in _UNUSED_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in _UNUSED_SUFFIXES or _is_other_locale(path)):
            path.unlink()


def compile_here(folder: Path, inside: str) -> bool:
    """Compile a folder that is ``inside`` in the image; False, and nothing done, where our Python is another.

    The compiled files are never checked against their sources: nothing changes in an image.
    """
    if sys.implementation.cache_tag != f"cpython-{PYTHON.replace('.', '')}":
        return False
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), prependdir=inside, invalidation_mode=mode)
    return True


def _is_other_locale(path: Path) -> bool:
    return path.parent.name == "locale-data" and path.stem.partition("_")[0] not in _LANGUAGES


def _install(lock: Path, arch: str, target: Path) -> None:
    machine = _MACHINES.get(arch, arch)
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in _GLIBC]
    options = ["--only-binary=:all:", "--no-compile", f"--python-version={PYTHON}", "--implementation=cp"]
    options += ["--abi=cp311", "--abi=abi3", "--abi=none", *platforms, f"--platform=manylinux2014_{machine}"]
    pip.install(lock, target, *options, timeout=_TIMEOUT, hint="is PyPI, or your mirror of it, in reach? `make doctor`")


def _compile_inside(settings: Settings, folder: Path, base: str) -> None:
    """Let the image's own Python compile, and copy the result out: no folder is shared with the daemon."""
    tag = f"chatroulette-compiled:{hashing.digest([str(folder), base])}"
    recipe = folder.parent / "Dockerfile"
    command = f'["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "{TARGET}"]'
    recipe.write_text(f"FROM {base}\nCOPY . {TARGET}\nRUN {command}\n")
    docker.build(settings, folder, tag, dockerfile=recipe)
    container = docker.docker("create", tag)
    try:
        docker.docker("cp", f"{container}:{TARGET}/.", folder)
    finally:
        docker.docker("rm", container)
        docker.docker("image", "rm", tag)
