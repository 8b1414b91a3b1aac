"""What kind of computer this is: asked here, and nowhere else."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Host = Literal["linux", "wsl", "macos", "other"]
PROC_VERSION = Path("/proc/version")
_BROWSERS: Mapping[Host, tuple[str, ...]] = {
    "macos": ("open",),
    "wsl": ("wslview", "explorer.exe"),
    "linux": ("xdg-open",),
}


def current() -> Host:
    """Tell the kind; WSL's kernel names its maker (learn.microsoft.com/windows/wsl)."""
    if sys.platform == "darwin":
        return "macos"
    if sys.platform != "linux":
        return "other"
    return "wsl" if PROC_VERSION.exists() and "microsoft" in PROC_VERSION.read_text().lower() else "linux"


def is_linux() -> bool:
    """Tell whether Linux programs run here, WSL included: a Docker daemon may be this computer's own."""
    return current() in {"linux", "wsl"}


def is_windows_program(path: Path) -> bool:
    """Tell a program that WSL runs on Windows, with Windows' own files and settings, whatever its link is called."""
    return path.resolve().suffix.lower() == ".exe"


def browser(env: Mapping[str, str]) -> str | None:
    """Find the program that opens an address in the person's browser; None where there is none, or no desktop."""
    host = current()
    if host == "linux" and not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
        return None
    return next(filter(None, map(shutil.which, _BROWSERS.get(host, ()))), None)
