"""The page's own files, in memory, under one path that changes with their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Shelf:
    """Every file below `static/` by its relative path, and the hash of them all.

    One hash for the whole folder lets a module import its neighbour by a relative path and still be cached for ever.
    """

    files: dict[str, bytes]
    digest: str

    @classmethod
    def load(cls, root: Path = ROOT) -> Shelf:
        """Read the folder once; what changes later is not seen."""
        paths = sorted(path for path in root.rglob("*") if path.suffix in TYPES)
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
        total = hashlib.sha256()
        for name, content in files.items():
            total.update(f"{name}\0{len(content)}\0".encode() + content)
        return cls(files, total.hexdigest()[:12])

    def url(self, name: str) -> str:
        """Return the path under which a file may be cached for ever. Raises KeyError for an unknown one."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"


def content_type(name: str) -> str:
    """Return the Content-Type of a file by its name."""
    return TYPES[Path(name).suffix]
