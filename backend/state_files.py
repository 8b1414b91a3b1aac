"""Small files that outlive the container but not the Pod: an emptyDir is kept while the kubelet restarts containers.

https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
"""

import logging
import re
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")
log = logging.getLogger("backend")


class StateFiles:
    """A directory with one JSON file a name, each stamped with the Pod's; the first failure to write is logged."""

    def __init__(self, directory: str | Path, pod: str) -> None:
        self.directory = Path(directory)
        self.stem = re.sub(r"[^A-Za-z0-9._-]", "_", pod)
        self.warned = False

    def path(self, name: str) -> Path:
        return self.directory / f"{self.stem}.{name}.json"

    def read(self, name: str, kind: type[T]) -> T | None:
        """Return what was written; None when nothing was, or nothing that can be read as `kind`."""
        try:
            return msgspec.json.decode(self.path(name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, name: str, value: object) -> None:
        """Write all of it or, when the process dies meanwhile, nothing."""
        new = self.path(name).with_suffix(".new")
        try:
            new.write_bytes(msgspec.json.encode(value))
            new.replace(self.path(name))
        except OSError as error:
            self._warn(error)

    def take(self, name: str, kind: type[T]) -> T | None:
        value = self.read(name, kind)
        self.remove(name)
        return value

    def remove(self, name: str) -> None:
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self.warned:
            self.warned = True
            log.warning("STATE_DIR cannot be written, its history ends with this container: %s", error)
