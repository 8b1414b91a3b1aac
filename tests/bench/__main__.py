"""Measure what the README claims: `python tests/bench [NAME]... [--json] [--cold]`.

It measures and does not judge: exit 0 also where a figure is missed, 1 where a measurement failed, 130 interrupted.
"""

import contextlib
import itertools
import json
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable, Generator
from typing import NoReturn

import chat
import click
import cluster
import disruption
import experiments
import images
import node
import page
import scaled
import services
from figures import Figure
from harness import progress
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.errors import LabError

WIDTH = 100
INTERRUPTED = 130
NAMES = ("services", "cluster", "images", "node", "loopback", "chat", "chaos", "rollout", "page", "experiments")
SHARING = frozenset({"chat", "chaos", "rollout"})
"""Consecutive ones of these use one cluster."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True)
@click.option("--cold", is_flag=True)
@click.pass_context
def main(context: click.Context, names: tuple[str, ...], *, as_json: bool, cold: bool) -> None:
    """Measure the families that were named, or all, and show everything that was measured, whatever went wrong."""
    signal.signal(signal.SIGTERM, _interrupt)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each visitor is an open file on both sides
    machine = _machine()
    figures: list[Figure] = []
    failures: list[str] = []
    code = 0
    try:
        for _sharing, neighbours in itertools.groupby(names or NAMES, SHARING.__contains__):
            failures += _all(list(neighbours), figures, cold=cold)
    except KeyboardInterrupt:
        failures.append("interrupted: what was measured until then is shown")
        code = INTERRUPTED
    machine["load after"] = _load()
    (_print_json if as_json else _print_table)(figures, failures, machine)
    context.exit(code or int(bool(failures)))


def _all(names: list[str], figures: list[Figure], *, cold: bool) -> list[str]:
    """Measure some families in turn; a cluster that they share goes away after the last."""
    failures: list[str] = []
    try:
        with scaled.shared() as shared:
            for name in names:
                failures += _measure(name, _families(shared, cold=cold)[name], figures)
    except (LabError, OSError) as error:
        failures.append(f"{', '.join(names)}: {error}")
    return failures


def _families(shared: scaled.Shared, *, cold: bool) -> dict[str, Callable[[], Generator[Figure, None, None]]]:
    return {
        "services": services.measure,
        "cluster": cluster.measure,
        "images": images.measure,
        "node": lambda: node.measure(cold=cold),
        "loopback": chat.on_loopback,
        "chat": lambda: chat.in_pods(shared),
        "chaos": lambda: disruption.chaos(shared),
        "rollout": lambda: disruption.rollout(shared),
        "page": page.measure,
        "experiments": experiments.measure,
    }


def _measure(name: str, family: Callable[[], Generator[Figure, None, None]], figures: list[Figure]) -> list[str]:
    """Add a family's figures as they come; return what failed. What it started ends with it, also on Ctrl-C."""
    try:
        with contextlib.closing(family()) as measured:
            figures.extend(measured)
    except (LabError, OSError) as error:
        progress(f"{name}: {error}")
        return [f"{name}: {error}"]
    return []


def _machine() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "load before": _load(),
    }


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _print_json(figures: list[Figure], failures: list[str], machine: dict[str, str]) -> None:
    data = {"machine": machine, "figures": [figure.data() for figure in figures], "failed": failures}
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _print_table(figures: list[Figure], failures: list[str], machine: dict[str, str]) -> None:
    console = Console(width=WIDTH, highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    for column in ("figure", "ours", "beside it, in the same run", "ratio", "asked for", ""):
        table.add_column(column, overflow="fold", justify="right" if column == "ratio" else "left")
    for figure in figures:
        table.add_row(*(escape(cell) for cell in figure.row()))
        table.add_section()
    if figures:
        console.print(table)
    console.print(", ".join(f"{key} {value}" for key, value in machine.items()))
    for failure in failures:
        console.print(f"[red]✗[/] {escape(failure)}")


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
