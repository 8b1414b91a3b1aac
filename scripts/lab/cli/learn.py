"""learn: the lessons, one after another, on the terminal or in the browser."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING

import click

from lab.cli.session import Session, command

if TYPE_CHECKING:
    from lab.experiments.texts import Language


@command("learn", output_options=False)
@click.option("--plain", is_flag=True, help="Lines instead of a screen: for screen readers and pipes.")
@click.option("--browser", is_flag=True, help="In the browser instead, on an address of this computer alone.")
@click.option("--port", type=click.IntRange(0, 65535), default=30090, show_default=True, help="For --browser; 0: any.")
@click.option("--lang", type=click.Choice(("en", "fr")), help="English or French. [as the environment says]")
def learn(session: Session, *, plain: bool, browser: bool, port: int, lang: Language | None) -> None:
    """Work through the lessons: the text, a live check every second, hints, the solution.

    The cluster is looked at all the time; nothing goes on to the next lesson by itself. Your progress is kept in a file
    (`lab lesson list --json` names it).
    """
    from lab.cli import experiment_run  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.kubernetes import client  # noqa: PLC0415 - the same
    from lab.lessons import definition  # noqa: PLC0415 - the same
    from lab.lessons.learner import Learner  # noqa: PLC0415 - the same

    language = lang or experiment_run.language()
    api = client.api(session.settings)
    make_learner = functools.partial(Learner, session.settings, api, language=language)
    lessons = definition.lessons()
    if browser:
        from lab.learn import web  # noqa: PLC0415 - the same

        web.serve(lessons, make_learner, language, port, click.echo)
    elif plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        from lab.learn.plain import PlainView  # noqa: PLC0415 - the same

        PlainView(lessons, make_learner, language, click.echo).run(sys.stdin)
    else:
        from lab.learn.screens import Learn  # noqa: PLC0415 - the same

        Learn(lessons, make_learner, language).run()
