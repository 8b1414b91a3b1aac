"""Explain what the API server, or a controller on its behalf, refused: the texts are in ``refusals.yaml``. Pure."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from lab.deploy.diagnose import Diagnosis


def refused(subject: str, namespace: str, message: str) -> Diagnosis:
    """Explain why the API server, or a controller on its behalf, was not allowed to make a Pod."""
    entry, match = next(
        (entry, match) for entry in _data()["refused"] if (match := re.search(entry["pattern"], message))
    )
    where = f" -n {namespace}" if namespace else ""
    command = entry["command"].format(where=where, namespace=namespace or "default")
    return Diagnosis(entry["cause"], subject, entry["detail"].format(*match.groups(), message=message), command)


@cache
def _data() -> Any:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    return yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text("utf-8"))
