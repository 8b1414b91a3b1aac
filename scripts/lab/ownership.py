"""Whose a container is: what a lab makes in Docker carries the mark of its cache, a random word kept there.

A node takes no label from kind, so its mark is the place of a mount: it is there from the first moment, after a restart
and while it is stopped, and the same where Docker Desktop has another path for the folder.
"""

import os
import re
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.config import CACHE, Settings

LABEL = "io.chatroulette.lab.owner"
MIRRORS = "/etc/containerd/certs.d"
_MARKS = "/etc/chatroulette-lab/"
_MARK = re.compile(r"[0-9a-f]{16}")
_DESKTOP = ("", "/host_mnt", "/run/desktop/mnt/host")
"""What Docker Desktop puts before a path of macOS or Windows."""


def mark(settings: Settings) -> str:
    """Return the mark of the cache, made at the first call."""
    return _mark(settings.cache)


def label(settings: Settings) -> str:
    """Return the label of what this lab makes, as Docker takes it."""
    return f"{LABEL}={mark(settings)}"


def mount(settings: Settings, folder: str) -> dict[str, object]:
    """Return the mount, in kind's terms, that marks a node; ``folder`` is any that is there."""
    return {"hostPath": folder, "containerPath": f"{_MARKS}{mark(settings)}", "readOnly": True}


def owns_node(settings: Settings, node: Mapping[str, Any], cluster: str) -> bool:
    """Tell whether a node is of this cache: by its mark, or where an older lab set none, by its folder."""
    if marks := _marks(node):
        return marks == [mark(settings)]
    own = settings.cache / "mirrors" / cluster
    return _mirrors(node) in {f"{prefix}{own}" for prefix in _DESKTOP}


def owns(settings: Settings, labels: Mapping[str, str] | None) -> bool:
    """Tell whether a container, network, volume or image with these labels is of this cache."""
    return (labels or {}).get(LABEL) == mark(settings)


def cache_of(node: Mapping[str, Any]) -> str:
    """Return the folder of the cache that another lab's node is of; empty where no lab made it."""
    folder = Path(_mirrors(node)).parents
    is_lab = len(folder) > 1 and folder[0].name == "mirrors" and (folder[1].name == CACHE or _marks(node))
    return str(folder[1]) if is_lab else ""


def _marks(node: Mapping[str, Any]) -> list[str]:
    places = [str(mount["Destination"]) for mount in node["Mounts"]]
    return [place.removeprefix(_MARKS) for place in places if place.startswith(_MARKS)]


def _mirrors(node: Mapping[str, Any]) -> str:
    return next((str(mount["Source"]) for mount in node["Mounts"] if mount["Destination"] == MIRRORS), "")


@cache
def _mark(folder: Path) -> str:
    file = folder / "mark"
    folder.mkdir(parents=True, exist_ok=True)
    if not (file.exists() and _MARK.fullmatch(file.read_text())):
        new = file.with_name(f".mark.{os.getpid()}")
        new.write_text(secrets.token_hex(8))
        file.unlink(missing_ok=True)
        try:
            file.hardlink_to(new)
        except FileExistsError:  # another command was faster
            pass
        finally:
            new.unlink()
    return file.read_text()
