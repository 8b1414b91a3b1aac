"""The images of the two services: named after their content, built from their folder, locked wheels and a base."""

import json
import shutil
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from lab import cache, docker, registry_access, shell
from lab.config import ROOT, Settings
from lab.errors import LabError
from lab.images import dependencies, hashing, recipes
from lab.steps import Report

Service = Literal["back", "front"]
SERVICES: tuple[Service, ...] = ("back", "front")
PUBLISHED_BASE = "python:3.11-slim-bookworm"
PYTHON = recipes.Recipe("python")
_FOLDERS: dict[Service, str] = {"back": "backend", "front": "frontend"}
_RUNTIME = "scripts/service_runtime"
_RECORD = ROOT / "source.json"
"""What a wheel says of the commit that it is made of."""


@dataclass(frozen=True)
class Source:
    """Which code an image has: the project's version, the commit that is checked out, and its time."""

    version: str
    commit: str
    time: str


def repository(service: Service) -> str:
    """Name the image as the course does: ``k8-chatroulette-back`` or ``k8-chatroulette-front``."""
    return f"k8-chatroulette-{service}"


def reference(settings: Settings, service: Service) -> str:
    """Name the image of the service as its files are now, as a Pod's ``image`` and the registry do."""
    return _reference(base(settings), service, source(service))


def references(settings: Settings) -> dict[str, str]:
    """Return both services' references, as their files are now, by the names that manifests use."""
    return {repository(service): reference(settings, service) for service in SERVICES}


def base(settings: Settings) -> str:
    """Name the base image of both services: the published Python, or the one made of Debian packages."""
    return PUBLISHED_BASE if registry_access.published(settings) else PYTHON.tag


def prepare_base(settings: Settings, report: Report) -> str:
    """Have the base in the local Docker, and name it."""
    if not registry_access.published(settings):
        return recipes.build(settings, PYTHON, report)
    if not docker.inspect(PUBLISHED_BASE, "image"):
        docker.docker("pull", "--quiet", PUBLISHED_BASE, timeout=600, on_line=report)
    return PUBLISHED_BASE


def prepare_dependencies(settings: Settings, service: Service, report: Report) -> str:
    """Have the base with the service's locked wheels in the local Docker, and name it."""
    return dependencies.prepare(settings, folder(service) / "requirements.lock", base(settings), report)


def build(settings: Settings, service: Service, wanted: str, report: Report) -> None:
    """Build the service's image under the reference ``wanted``, unless the local Docker has it.

    Raises LabError where the files are no longer those that it names.
    """
    if docker.inspect(wanted, "image"):
        return
    stage = prepare_dependencies(settings, service, report)
    with cache.workspace(settings.cache) as context:
        report(f"building {wanted}")
        code = source(service)
        _copy_code(service, context / "code")
        if _reference(base(settings), service, code) != wanted:
            raise LabError(f"{_FOLDERS[service]}/ or {_RUNTIME}/ changed meanwhile", "run the same command again")
        args = {"BASE": stage, "VERSION": code.version, "COMMIT": code.commit, "BUILD_TIME": code.time}
        docker.build(settings, context, wanted, args=args, dockerfile=folder(service) / "Dockerfile")


def current(settings: Settings) -> tuple[set[str], set[Path]]:
    """Return the images and the cached folders that the services' files as they are now need."""
    locks, arch = [folder(service) / "requirements.lock" for service in SERVICES], docker.architecture()
    tags = {dependencies.tag(lock, base(settings)) for lock in locks}
    folders = {dependencies.cached(settings, lock, arch) for lock in locks}
    return {PYTHON.tag, *tags, *references(settings).values()}, folders


def folder(service: Service) -> Path:
    return ROOT / _FOLDERS[service]


def _code_folders(service: Service) -> list[Path]:
    """Return the folders that the image has below /app."""
    return [folder(service), ROOT / _RUNTIME]


def source(service: Service) -> Source:
    """Describe the code as it is now. An uncommitted change of it is ``-dirty``, with the newest file's time."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folders = [_FOLDERS[service], _RUNTIME]
    commit, _, time = _git("log", "-1", "--format=%h %cI").partition(" ")
    if _RECORD.exists():
        commit, time = (json.loads(_RECORD.read_text())[key] for key in ("commit", "time"))
    if not commit:
        return Source(version, "unknown", _newest(service))
    if _git("status", "--porcelain", "--", *folders):
        return Source(version, f"{commit}-dirty", _newest(service))
    return Source(version, commit, _utc(datetime.fromisoformat(time)))


def _reference(base_name: str, service: Service, code: Source) -> str:
    """Hash all that decides the image but its time, which follows from the rest."""
    stage = dependencies.tag(folder(service) / "requirements.lock", base_name)
    dockerfile = (folder(service) / "Dockerfile").read_bytes()
    files = (
        part for path in _code_folders(service) for part in hashing.of_files(path.parent, hashing.service_files(path))
    )
    return f"{repository(service)}:{hashing.digest([code.version, code.commit, dockerfile, stage, *files])}"


def _copy_code(service: Service, target: Path) -> None:
    """Lay the code out as in the image's /app; where our Python is not 3.11, the container's compiles as it starts."""
    for code in _code_folders(service):
        for path in hashing.service_files(code):
            copy = target / path.relative_to(code.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            recipes.copy_readable(path, copy)
    dependencies.compile_here(target, "/app")


def _newest(service: Service) -> str:
    newest = max(path.stat().st_mtime for code in _code_folders(service) for path in hashing.service_files(code))
    return _utc(datetime.fromtimestamp(newest, UTC))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _git(*args: str) -> str:
    """Return git's output; empty where this is no clone, or another user's."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return ""
    done = shell.run(["git", "-C", ROOT, *args], timeout=20, check=False, env={"GIT_OPTIONAL_LOCKS": "0"})
    return done.stdout.strip() if done.code == 0 else ""
