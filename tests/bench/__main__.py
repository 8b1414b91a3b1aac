"""Measure what the README claims: `python tests/bench [NAME]... [--json] [--cold]`.

It measures and does not judge: exit 0 also where a figure is missed, 1 where a measurement failed, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import chaos
import chat
import cluster
import images
import node
import page
import rollout
import services
from harness import say
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from figures import Figure

WIDTH = 100
INTERRUPTED = 130


def main() -> int:
    """Measure the families that were named, or all, and show everything that was measured, whatever went wrong."""
    options = _options()
    signal.signal(signal.SIGTERM, _interrupt)
    machine = _machine()
    figures: list[Figure] = []
    failures: list[str] = []
    code = 0
    try:
        for name in options.names or _families(cold=False):
            failures += _measure(name, _families(cold=options.cold)[name], figures)
    except KeyboardInterrupt:
        failures.append("interrupted: what was measured until then is shown")
        code = INTERRUPTED
    machine["load after"] = _load()
    (_print_json if options.json else _print_table)(figures, failures, machine)
    return code or int(bool(failures))


def _families(*, cold: bool) -> dict[str, Callable[[], Generator[Figure, None, None]]]:
    return {
        "services": services.measure,
        "cluster": cluster.measure,
        "images": images.measure,
        "node": lambda: node.measure(cold=cold),
        "chat": chat.measure,
        "chaos": chaos.measure,
        "rollout": rollout.measure,
        "page": page.measure,
    }


def _options() -> argparse.Namespace:
    names = list(_families(cold=False))
    parser = argparse.ArgumentParser(prog="lab bench", description="Measure, each figure beside its floor.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(names)}; all without any")
    parser.add_argument("--json", action="store_true", help="write JSON instead of the table")
    parser.add_argument("--cold", action="store_true", help="node: build the node image from nothing, ten minutes")
    options = parser.parse_args()
    wrong = [name for name in options.names if name not in names]
    if wrong:
        parser.error(f"there is no {wrong[0]!r}: use some of {', '.join(names)}")
    return options


def _measure(name: str, family: Callable[[], Generator[Figure, None, None]], figures: list[Figure]) -> list[str]:
    """Add a family's figures as they come; return what failed. What it started ends with it, also on Ctrl-C."""
    try:
        with contextlib.closing(family()) as found:
            figures.extend(found)
    except (LabError, OSError) as error:
        say(f"{name}: {error}")
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
    sys.exit(main())
