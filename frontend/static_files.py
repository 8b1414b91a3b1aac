"""The page's own files, in memory, under one path that changes with their content."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
IMPORTS = re.compile(rb'^import [^;]*?"\./([\w-]+\.js)";', re.MULTILINE)


@dataclass(frozen=True)
class StaticFiles:
    """Every file below `static/` by its relative path, and the hash of them all.

    One hash for the whole folder lets a module import its neighbour by a relative path and still be cached for ever.
    """

    files: dict[str, bytes]
    digest: str

    @classmethod
    def load(cls, root: Path = ROOT) -> "StaticFiles":
        paths = sorted(path for path in root.rglob("*") if path.suffix in TYPES)
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
        digest = hashlib.sha256()
        for name, content in files.items():
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return cls(files, digest.hexdigest()[:12])

    def url(self, name: str) -> str:
        """Return the path under which a file may be cached for ever. Raises KeyError for an unknown one."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"

    def imports(self, name: str) -> list[str]:
        """Return the modules that a script imports, directly or not; with modulepreload they load in one round."""
        names = [name]
        for module in names:
            imported = [match.decode() for match in IMPORTS.findall(self.files[module])]
            names += [other for other in imported if other not in names]
        return names[1:]


def content_type(name: str) -> str:
    return TYPES[Path(name).suffix]
