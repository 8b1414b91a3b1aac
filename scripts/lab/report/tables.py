"""Results as tables for a terminal of 100 columns, and as JSON; the same said without colour."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.deploy.status import Status
    from lab.results import Check, Requirement

_WIDTH = 100


def as_json(value: dict[str, Any]) -> str:
    """Write one JSON document, readable."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def requirements(found: Sequence[Requirement], console: Console | None = None) -> None:
    """Show what this machine has, and what to do about what it lacks."""
    table = _table("", "what", "seen", "what to do")
    for one in found:
        table.add_row(_mark(ok=one.ok), *map(escape, (one.name, one.seen, "" if one.ok else one.fix)))
    (console or terminal()).print(table)


def checks(found: Sequence[Check], console: Console | None = None) -> None:
    """Show what was tried, by vantage point, what answered, and why; the reasons, few and long, stand once below."""
    out = console or terminal()
    reasons = list(dict.fromkeys(one.why for one in found))
    table = _table("", "what was tried", "what answered", "why")
    for vantage in dict.fromkeys(one.vantage for one in found):
        table.add_row("", f"[bold]from {escape(vantage)}[/]")
        for one in (each for each in found if each.vantage == vantage):
            answered = one.answered if one.ok else f"{one.answered}\nexpected: {one.expected}"
            why = str(reasons.index(one.why) + 1)
            table.add_row(_mark(ok=one.ok), escape(one.address), escape(answered), why)
        table.add_section()
    out.print(table)
    for number, reason in enumerate(reasons, start=1):
        out.print(f"  {number}  {escape(reason)}")
    out.print()


def checks_json(found: Sequence[Check]) -> str:
    """Write the same for programs, with the verdict on the whole."""
    return as_json({"ok": all(one.ok for one in found), "checks": [asdict(one) for one in found]})


def status(found: Status, console: Console | None = None) -> None:
    """Show the cluster, its Pods and what answers on this computer."""
    out = console or terminal()
    for node in found.nodes:
        out.print(f"{_mark(ok=node.ready)} node {escape(node.name)}, Kubernetes {escape(node.version)}")
    if not found.pods:
        out.print("No cats yet: make deploy")
    table = _table("", "Pod", "namespace", "image", "restarts", "IP")
    for pod in found.pods:
        said = (pod.name, pod.namespace, pod.image, str(pod.restarts), pod.ip or pod.phase)
        table.add_row(_mark(ok=pod.ready), *map(escape, said))
    if found.pods:
        out.print(table)
    for lacking in found.lacking:
        out.print(f"{_mark(ok=False)} {escape(lacking)}")
    for one in found.autoscalers:
        seen = f"{one.replicas} now, CPU of each {one.seen}" if one.seen else "it has not looked yet"
        text = one.trouble or f"{one.minimum} to {one.maximum} Pods; {seen}"
        out.print(f"{_mark(ok=not one.trouble)} autoscaler {escape(one.name)}: {escape(text)}")
    for url in found.urls:
        out.print(f"{_mark(ok=url.ok)} {escape(url.url)}  {escape(url.said)}")


def terminal() -> Console:
    """Return a console for standard output; 100 columns wide where it leads to no terminal."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mark(*, ok: bool) -> str:
    return "[green]✓[/]" if ok else "[red]✗[/]"
