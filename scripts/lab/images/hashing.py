"""Hash content into tags: the same content has the same tag, on any machine and at any time."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_LENGTH = 12
_IGNORED_FOLDERS = frozenset({"__pycache__", "tests"})
_IGNORED_NAMES = frozenset({"Dockerfile", "requirements.lock", "README.md", "screenshot.png"})
_IGNORED_SUFFIXES = frozenset({".pyc", ".swp", ".orig"})


def digest(parts: Iterable[str | bytes]) -> str:
    """Return 12 hexadecimal digits for these parts in this order; none can run into the next."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:_LENGTH]


def service_files(folder: Path) -> list[Path]:
    """Return the files of a service that run in its image, sorted: no tests, caches, hidden files or build recipes."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and _is_run(path.relative_to(folder)))


def _is_run(path: Path) -> bool:
    hidden = any(part.startswith(".") or part in _IGNORED_FOLDERS for part in path.parts)
    ignored = path.suffix in _IGNORED_SUFFIXES or path.name.endswith("~")
    return not (hidden or ignored or str(path) in _IGNORED_NAMES)


def of_files(folder: Path, files: Iterable[Path]) -> Iterator[str | bytes]:
    """Yield each file's name within the folder, whether it is executable, and its content."""
    for path in files:
        yield path.relative_to(folder).as_posix()
        yield "run" if path.stat().st_mode & 0o100 else "read"
        yield path.read_bytes()
