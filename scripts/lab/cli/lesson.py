"""lesson: the course's topics, done with one's own hands and checked live."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lab.cli.session import Session, command

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.experiments.texts import Language, Texts
    from lab.lessons.check import Result
    from lab.lessons.learner import Learner


@click.group("lesson")
def lesson() -> None:
    """Do the course's topics with your own hands, checked live.

    \b
    lab lesson list
    lab lesson start first-pod    its own namespace, and the text; kubectl is led there
    lab lesson check              what holds, and what the cluster showed
    lab lesson hint               a step of help; again for the next one

    Without a name, the others mean the lesson that was started last.
    """  # noqa: D301 - click wants the sign \b itself, not a backslash and a letter


def language_of(chosen: Language | None) -> Language:
    """Return the chosen language, or the environment's."""
    from lab.cli import experiment_run  # noqa: PLC0415 - not on the way to `lab --help`

    return chosen or experiment_run.language()


def _texts() -> Texts:
    from lab.experiments.texts import load  # noqa: PLC0415 - not on the way to `lab --help`

    return load("lessons").section("cli")


def subcommand(name: str, *, named: bool = True) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command of the group, with its language and, where it is ``named``, a lesson's name."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(session: Session, *, lang: Language | None, **options: Any) -> None:
            function(session, language_of(lang), **options)

        made = command(name)(run)
        made.params.append(click.Option(["--lang"], type=click.Choice(("en", "fr")), help="English or French."))
        if named:
            made.params.insert(0, click.Argument(["name"], required=False))
        lesson.add_command(made)
        return made

    return decorate


def _learner(session: Session, name: str | None, language: Language) -> Learner:
    from lab.kubernetes import client  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.lessons import definition, progress  # noqa: PLC0415 - the same
    from lab.lessons.learner import Learner as Made  # noqa: PLC0415 - the same

    chosen = definition.find(name or progress.latest(progress.load(progress.file())))
    return Made(session.settings, client.api(session.settings), chosen, language)


@subcommand("list", named=False)
def list_lessons(session: Session, language: Language) -> None:
    """List the lessons, and how far you are."""
    from lab.lessons import definition, progress  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import lesson as view  # noqa: PLC0415 - the same
    from lab.report.terminal import tables  # noqa: PLC0415 - the same

    every, done = definition.lessons(), progress.load(progress.file()).lessons
    document = {
        "progress": str(progress.file()),
        "lessons": [
            {
                "number": each.number,
                "id": each.id,
                "title": each.title.of(language),
                "minutes": each.declared.minutes,
                "topics": each.declared.topics,
                "started": done[each.id].started if each.id in done else "",
                "passed": done[each.id].passed if each.id in done else "",
            }
            for each in every
        ],
    }
    session.show(document, lambda: view.catalogue(every, done, language, tables.terminal()))


@subcommand("start")
@click.option("--predict", is_flag=True, help="Say first what you expect; the score is kept.")
def start(session: Session, language: Language, *, name: str | None, predict: bool) -> None:
    """Start a lesson, or go on with it, and show its text.

    kubectl then works in its namespace: the lab's context becomes the current one. Its files, where it has some, are
    in lessons/ below this folder.
    """
    from lab.kubernetes import access  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import lesson as view  # noqa: PLC0415 - the same
    from lab.report.terminal import tables  # noqa: PLC0415 - the same

    learner = _learner(session, name, language)
    if predict:
        _predict(learner)
    before = access.current_context(access.read_kubeconfigs(session.settings.kubeconfigs).values())
    is_new = learner.start()
    here, console = learner.lesson, tables.terminal()
    document = {"lesson": here.id, "namespace": here.namespace, "new": is_new, "folder": str(learner.workspace.folder)}
    session.show(document, lambda: view.text(here, language, console))
    if not session.as_json:
        message = _texts()["started" if is_new else "goes-on"]
        folder = learner.workspace.folder if here.files else ""
        click.echo(message.format(namespace=here.namespace, context=session.settings.context).of(language))
        click.echo(_texts()["files"].format(folder=folder).of(language) if folder else "", nl=bool(folder))
        if before not in {"", session.settings.context}:
            click.echo(f"! {_texts()['other-context'].format(before=before).of(language)}", err=True)


@subcommand("check")
def check(session: Session, language: Language, *, name: str | None) -> None:
    """Check the lesson on the live cluster; exits with 1 where it is not passed yet."""
    from lab.report.terminal import lesson as view  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import tables  # noqa: PLC0415 - the same

    learner, console = _learner(session, name, language), tables.terminal()
    results = learner.check()
    result = next(results)
    if not session.as_json:
        view.verdicts(result, language, console)
        stable = learner.lesson.stable
        if result.holds and stable:
            click.echo(_texts()["stable"].format(seconds=stable).of(language))
    for later in results:
        if not later.holds and not session.as_json:
            view.verdicts(later, language, console)
        result = later
    evidence = learner.evidence() if result.holds else []
    document = {**_document(result), "evidence": [asdict(each) for each in evidence]}
    session.show(document, lambda: None)
    if result.holds and not session.as_json:
        console.print(f"[green]✓[/] {_texts()['passed'].of(language)}\n")
        view.explanation(learner.lesson, evidence, language, console)
    failure, hint = ("not-started", "start-hint") if not result.started else ("not-yet", "hint-hint")
    text = {key: _texts()[key].format(lesson=learner.lesson.id).of(language) for key in (failure, hint)}
    session.fail_unless(result.holds, text[failure], text[hint])


@subcommand("hint")
def give_hint(session: Session, language: Language, *, name: str | None) -> None:
    """Give one step of help, chosen by what the cluster shows; again for the next one."""
    from lab.report.terminal import lesson as view  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import tables  # noqa: PLC0415 - the same

    learner = _learner(session, name, language)
    result = learner.checker.check()
    given = learner.hint(result)
    document = {"lesson": learner.lesson.id, "hint": asdict(given) if given else None}
    if given:
        session.show(document, lambda: view.hint(given, language, tables.terminal()))
        return
    key = "not-started" if not result.started else "nothing-to-hint" if result.holds else "no-hint"
    session.show(document, lambda: click.echo(_texts()[key].format(lesson=learner.lesson.id).of(language)))


@subcommand("solution")
def show_solution(session: Session, language: Language, *, name: str | None) -> None:
    """Show one solution; the progress file says that it was looked at."""
    learner = _learner(session, name, language)
    text = learner.solution()
    session.show({"lesson": learner.lesson.id, "solution": text}, lambda: click.echo(text))


@subcommand("reset")
def reset(session: Session, language: Language, *, name: str | None) -> None:
    """Take the lesson's namespace away with all in it, and start it anew."""
    learner = _learner(session, name, language)
    learner.reset()
    session.finish(_texts()["reset"].format(lesson=learner.lesson.id).of(language), lesson=learner.lesson.id)


@subcommand("prove", named=False)
@click.argument("names", nargs=-1)
@click.option("--times", type=click.IntRange(1, 5), default=1, show_default=True, help="So often, each.")
@click.option("--at-once", type=click.IntRange(1, 8), default=3, show_default=True, help="So many at the same time.")
def prove(session: Session, _language: Language, *, names: tuple[str, ...], times: int, at_once: int) -> None:
    """Prove lessons, for those who write them: all, or the named ones.

    The start fails, each wrong fix fails, the text and the solution pass, a reset restores, and every hint is reached.
    """
    from lab.cli import lesson_proofs  # noqa: PLC0415 - not on the way to `lab --help`

    lesson_proofs.prove(session, names, times, at_once)


def _document(result: Result) -> dict[str, Any]:
    verdicts = [asdict(verdict) for verdict in result.verdicts]
    return {
        "lesson": result.lesson,
        "started": result.started,
        "passed": result.holds,
        "verdicts": verdicts,
        "seconds": round(result.seconds, 3),
    }


def _predict(learner: Learner) -> None:
    """Ask what the learner expects, and keep the first score."""
    questions = learner.lesson.declared.predictions
    right = 0
    for prediction in questions:
        click.echo(prediction.question.of(learner.language))
        for number, choice in enumerate(prediction.choices, start=1):
            click.echo(f"  {number}. {choice.of(learner.language)}")
        numbers = click.IntRange(1, len(prediction.choices))
        is_right = click.prompt(">", type=numbers, prompt_suffix=" ") - 1 == prediction.right
        right += is_right
        click.echo(f"{'✓' if is_right else '✗'} {prediction.because.of(learner.language)}\n")
    learner.predicted(right, len(questions))
    text = _texts()["score" if questions else "no-predictions"].format(right=right, of=len(questions))
    click.echo(text.of(learner.language))
