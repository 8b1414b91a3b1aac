"""Results as tables for a terminal of 100 columns, and as JSON; the same said without colour."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.deploy.status import Status
    from lab.results import Check, Requirement


def as_json(value: dict[str, Any]) -> str:
    """Write one JSON document, readable."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def requirements(found: Sequence[Requirement], console: Console | None = None) -> None:
    """Show what this machine has, and what to do about what it lacks."""
    table = _table("", "what", "seen", "what to do")
    for one in found:
        table.add_row(_mark(ok=one.ok), one.name, one.seen, "" if one.ok else one.fix)
    (console or Console(highlight=False)).print(table)


def checks(found: Sequence[Check], console: Console | None = None) -> None:
    """Show what was tried, what answered and why; where it disagrees, what was expected stands under the answer."""
    table = _table("", "what was tried", "what answered", "why")
    for one in found:
        answered = one.answered if one.ok else f"{one.answered}\nexpected: {one.expected}"
        table.add_row(_mark(ok=one.ok), f"{one.tried}\n{one.vantage} → {one.address}", answered, one.why)
    (console or Console(highlight=False)).print(table)


def checks_json(found: Sequence[Check]) -> str:
    """Write the same for programs, with the verdict on the whole."""
    return as_json({"ok": all(one.ok for one in found), "checks": [asdict(one) for one in found]})


def status(found: Status, console: Console | None = None) -> None:
    """Show the cluster, its Pods and what answers on this computer."""
    out = console or Console(highlight=False)
    for node in found.nodes:
        out.print(f"{_mark(ok=node.ready)} node {node.name}, Kubernetes {node.version}")
    if not found.pods:
        out.print("No cats yet: make deploy")
    table = _table("", "Pod", "namespace", "image", "restarts", "IP")
    for pod in found.pods:
        table.add_row(_mark(ok=pod.ready), pod.name, pod.namespace, pod.image, str(pod.restarts), pod.ip or pod.phase)
    if found.pods:
        out.print(table)
    for url in found.urls:
        out.print(f"{_mark(ok=url.ok)} {url.url}  {url.said}")


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mark(*, ok: bool) -> str:
    return "[green]✓[/]" if ok else "[red]✗[/]"
