"""The manifests that the experiment on the course types: the printed ones, and the smallest that ask one thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.config import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

PRINTED = ROOT / "k8s" / "lessons" / "as-printed"
_MENDED = {"apiversion": "apiVersion", "kind: pod": "kind: Pod"}


def printed(name: str) -> str:
    """Return a manifest as the course prints it."""
    return (PRINTED / f"{name}.yaml").read_text()


def cased(name: str) -> str:
    """Return the same with the capitals of its apiVersion and kind."""
    text = printed(name)
    for wrong, right in _MENDED.items():
        text = text.replace(wrong, right)
    return text


def minimal(**spec: Any) -> Callable[[], str]:
    """Return the smallest Pod, as JSON, with these fields of its container."""
    return lambda: pod({"name": "one", "image": "busybox", **spec})


def pod(*containers: dict[str, Any], **fields: Any) -> str:
    """Return a Pod of these containers, as JSON; a field that is None is left out."""
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {"containers": list(containers)}}
    return json.dumps({key: value for key, value in {**made, **fields}.items() if value is not None})
