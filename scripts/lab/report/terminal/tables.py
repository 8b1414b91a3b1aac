"""Results as tables for a terminal of 100 columns; the same said without colour."""

import os
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.deploy.status import Status
from lab.results import Check, Requirement

_WIDTH = 100


def requirements(results: Sequence[Requirement], console: Console | None = None) -> None:
    table = _table("", "what", "seen", "what to do")
    for result in results:
        fix = "" if result.ok else result.fix
        table.add_row(_mark(ok=result.ok), escape(result.name), escape(result.seen), escape(fix))
    (console or terminal()).print(table)


def checks(results: Sequence[Check], console: Console | None = None) -> None:
    """Show what was tried, by vantage point, and what answered; the reasons, few and long, stand once below."""
    console = console or terminal()
    reasons = {reason: number for number, reason in enumerate(dict.fromkeys(check.why for check in results), start=1)}
    table = _table("", "what was tried", "what answered", "why")
    for vantage in dict.fromkeys(check.vantage for check in results):
        table.add_row("", f"[bold]from {escape(vantage)}[/]")
        for check in (each for each in results if each.vantage == vantage):
            answered = check.answered if check.ok else f"{check.answered}\nexpected: {check.expected}"
            table.add_row(_mark(ok=check.ok), escape(check.address), escape(answered), str(reasons[check.why]))
        table.add_section()
    console.print(table)
    for reason, number in reasons.items():
        console.print(f"  {number}  {escape(reason)}")
    console.print()


def status(result: Status, console: Console | None = None) -> None:
    console = console or terminal()
    for node in result.nodes:
        console.print(f"{_mark(ok=node.ready)} node {escape(node.name)}, Kubernetes {escape(node.version)}")
    if result.pods:
        table = _table("", "Pod", "namespace", "image", "restarts", "IP")
        for pod in result.pods:
            columns = (pod.name, pod.namespace, pod.image, str(pod.restarts), pod.ip or pod.phase)
            table.add_row(_mark(ok=pod.ready), *map(escape, columns))
        console.print(table)
    else:
        console.print("No cats yet: make deploy, or `k run` as in the course")
    for text in result.lacking:
        console.print(f"{_mark(ok=False)} {escape(text)}")
    for scaler in result.autoscalers:
        now = f"{scaler.replicas} now, CPU of each {scaler.seen}" if scaler.seen else "it has not looked yet"
        text = scaler.trouble or f"{scaler.minimum} to {scaler.maximum} Pods; {now}"
        console.print(f"{_mark(ok=not scaler.trouble)} autoscaler {escape(scaler.name)}: {escape(text)}")
    for note in result.notes:
        console.print(f"· {escape(note)}")
    for url in result.urls:
        console.print(f"{_mark(ok=url.ok)} {escape(url.url)}  {escape(url.said)}")


def terminal() -> Console:
    """Return a console for standard output; where that is no terminal, as wide as COLUMNS says, else 100."""
    console = Console(highlight=False)
    if console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return console
    return Console(highlight=False, width=_WIDTH)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mark(*, ok: bool) -> str:
    return "[green]✓[/]" if ok else "[red]✗[/]"
