"""`lab lesson prove`: several lessons at once, a line each."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, NoReturn

import click

from lab import cli
from lab.errors import LabError
from lab.kubernetes import client, namespaces
from lab.lessons import definition, proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.cli.session import Session
    from lab.lessons.definition import Lesson


def prove(session: Session, names: Sequence[str], times: int, at_once: int) -> None:
    """Prove the named lessons, or all; exits with 1 where one is not proven."""
    chosen = [definition.find(name) for name in names] or list(definition.lessons())
    outcomes: list[dict[str, object]] = []
    with ThreadPoolExecutor(at_once) as pool:
        futures = {pool.submit(_prove, session, lesson, times): lesson for lesson in chosen}
        try:
            for future in as_completed(futures):
                outcomes.append(future.result())
                if not session.as_json:
                    _print(outcomes[-1])
        except KeyboardInterrupt:
            _abandon(session, [lesson for future, lesson in futures.items() if future.running()])
    failed = [outcome["lesson"] for outcome in outcomes if not outcome["ok"]]
    session.show({"ok": not failed, "lessons": outcomes}, lambda: None)
    session.fail_unless(not failed, f"not proven: {', '.join(map(str, failed))}", "the lines above say what was seen")


def _abandon(session: Session, running: Sequence[Lesson]) -> NoReturn:
    """Have the namespaces deleted and end at once: the proofs' own waits would hold a Ctrl-C up for a minute or two."""
    api = client.api(session.settings)
    for lesson in running:
        with contextlib.suppress(LabError):
            namespaces.delete(api, lesson.namespace)
    os.write(2, f"{cli.INTERRUPTED}\n".encode())
    os._exit(cli.STOPPED)


def _prove(session: Session, lesson: Lesson, times: int) -> dict[str, object]:
    begun, phases = time.monotonic(), ["start"]
    outcome: dict[str, object] = {"lesson": lesson.id, "ok": True, "why": ""}
    try:
        for _ in range(times):
            proof.prove(session.settings, client.api, lesson, functools.partial(_follow, session, lesson, phases))
    except LabError as error:
        outcome |= {"ok": False, "why": f"{phases[-1]}: {error.what}"}
    return {**outcome, "seconds": round(time.monotonic() - begun, 1)}


def _follow(session: Session, lesson: Lesson, phases: list[str], phase: str) -> None:
    phases.append(phase)
    if session.verbose:
        click.echo(f"  … {lesson.id}: {phase}", err=True)


def _print(outcome: dict[str, object]) -> None:
    mark = "✓" if outcome["ok"] else "✗"
    click.echo(f"{mark} {outcome['lesson']}  {outcome['seconds']} s  {outcome['why']}".rstrip())
