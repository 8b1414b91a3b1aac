"""test, lint, bench: what those who change the project run, the same here and in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import click

from lab.cli import cluster
from lab.cli.session import Session, command
from lab.cluster import preflight
from lab.config import MINORS, PROGRAMS, ROOT
from lab.errors import LabError
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.config import Minor

EACH_CHANGE = ("-m", "not nightly")
PARALLEL = ("-n", "3")
"""Worker processes of the tests without a cluster: these wait more than they compute."""
LOCAL, ON_CLUSTERS = ("tests/unit", "tests/browser"), ("tests/e2e", "tests/load", "tests/versions")
BENCHMARKS = ("services", "cluster", "images", "node", "loopback", "chat", "chaos", "rollout", "page", "experiments")


@command("test", output_options=False)
@click.option("--unit", "tier", flag_value="unit", help="Only the tests that need neither Docker nor a browser.")
@click.option("--all", "tier", flag_value="all", help="The nightly tests too: every experiment, faults, both minors.")
@click.option("--versions", "tier", flag_value="versions", help=f"Only every experiment, on {' and '.join(MINORS)}.")
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(session: Session, *, tier: str | None, pytest_args: tuple[str, ...]) -> None:
    """Run the tests that each change waits for; `--all` runs those that are marked nightly too.

    Further words go to pytest, after a `--`. Brings what they need: a Redis server, a browser, Docker, and a cluster of
    their own with ports of its own, which they take away.
    """
    redis, browser = _install("a Redis server", preflight.REDIS), _install("a browser", preflight.BROWSER)
    match tier:
        case "versions":
            _prepare(session, (), MINORS)
            words: tuple[str, ...] = ("tests/versions",)
        case "unit":
            if preflight.lacking(preflight.REDIS):
                session.perform([redis])
            words = (*EACH_CHANGE, *PARALLEL, "tests/unit")
        case _:
            every = tier == "all"
            _prepare(session, [redis, browser], MINORS if every else [session.settings.kubernetes])
            selected = () if every else EACH_CHANGE
            if not pytest_args:
                _run("pytest", *selected, *PARALLEL, *LOCAL)
            words = (*selected, *ON_CLUSTERS)
    _exec_python("-m", "pytest", *(pytest_args or words))


@command("lint", output_options=False)
def lint(_session: Session) -> None:
    """Check style with ruff, types with mypy, imports with import-linter."""
    _run("ruff", "check", "--quiet")
    _run("ruff", "format", "--check", "--quiet")
    _run("mypy")
    _run("lint-imports", "--no-logo", "--no-cache")


@command("wheel", output_options=False)
def wheel(_session: Session) -> None:
    """Build the wheel into dist/, for `pipx install` or `uv tool install`."""
    words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    argv = [sys.executable, "-m", "pip", *words, "--wheel-dir", "dist", "."]
    if subprocess.run(argv, cwd=ROOT, check=False).returncode:
        raise LabError("the wheel could not be built", "see above")
    click.echo(max((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime))


@command("bench")
@click.argument("names", nargs=-1, type=click.Choice(BENCHMARKS), metavar="[NAME]...")
@click.option("--cold", is_flag=True, help="node: build the node image from nothing too; ten minutes.")
def bench(session: Session, *, names: tuple[str, ...], cold: bool) -> None:
    """Measure, each figure beside its floor.

    NAME is any of services, cluster, images, node, loopback, chat, chaos, rollout, page and experiments; all without
    one. A figure that is missed is shown, and no error.
    """
    words = [*names, *(["--json"] if session.as_json else []), *(["--cold"] if cold else [])]
    _exec_python("tests/bench", *words)


def _prepare(session: Session, programs: Sequence[Step], minors: Sequence[Minor]) -> None:
    """Have all that a cluster of each minor is made of: here, where ten minutes of work can be seen."""
    with session.locked() as run:
        run([*programs, *cluster.machine_steps(session.settings)])
        for minor in minors:
            run(cluster.node_steps(replace(session.settings, kubernetes=minor)))


def _install(what: str, programs: Sequence[preflight.Program]) -> Step:
    missing = preflight.lacking(programs)
    return Step(
        f"Have {what}",
        lambda report: preflight.install(missing, report),
        done=lambda: None if missing else "it is there",
        expected=60,
    )


def _exec_python(*words: str) -> NoReturn:
    """Let Python take this process over: Ctrl-C reaches it alone, and it has time to take its clusters away."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - there is no shell


def _run(program: str, *words: str) -> None:
    if subprocess.run([PROGRAMS / program, *words], cwd=ROOT, check=False).returncode:
        raise LabError(f"{program} found something to mend", "see above")


COMMANDS = (test, lint, wheel, bench)
