"""The kinds of probe, and the paths that answer them; without Flask, which the main process does not load."""

from typing import Literal

ProbeKind = Literal["livez", "readyz", "startupz"]
PATHS: dict[str, ProbeKind] = {"/livez": "livez", "/healthz": "livez", "/readyz": "readyz", "/startupz": "startupz"}
