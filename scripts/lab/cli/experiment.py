"""experiment: predict, measure, explain; the whole of it, one cell, one change, asked first, or again and again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lab.cli.session import Session, command
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.cli.experiment_request import Request
    from lab.experiments.texts import Language

WHY = "guest/localhost,guest/pod-name"
"""The course's own question: an ephemeral container calls the app by localhost, and by the Pod's name."""


@command("experiment")
@click.argument("name", required=False)
@click.option(
    "--why",
    is_flag=False,
    flag_value=WHY,
    metavar="[VANTAGE/ADDRESS,…]",
    help="Explain cells, with their exhibits; alone, guest/localhost and guest/pod-name of names.",
)
@click.option("--only", multiple=True, metavar="VARIANT", help="whatif: just that change, such as `hostname`.")
@click.option("--predict", is_flag=True, help="Say first what you expect; be graded. With --json: the scores.")
@click.option("--watch", is_flag=True, help="Leave the Pods standing, and look again when one is changed.")
@click.option("--manifests", is_flag=True, help="Print its Pods and Services as YAML, to apply by hand; run nothing.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a report too.")
@click.option("--lang", type=click.Choice(("en", "fr")), help="English or French. [as the environment says]")
@click.option(
    "--schema",
    "as_schema",
    is_flag=True,
    help="Print the JSON schema of an experiment; `all` writes a list.",
)
def experiment(session: Session, *, name: str | None, lang: Language | None, as_schema: bool, **options: Any) -> None:
    """Predict, measure, explain: who answers, and why.

    Without a NAME, lists the experiments; `all` runs every one, at the same time. Each works in namespaces of its own,
    which go away with it. Exits with 1 where what is measured is not what was predicted.

    \b
    lab experiment --why                    why does the app answer to the Pod's name?
    lab experiment whatif --only hostname   make it stop answering
    lab experiment readiness --manifests | kubectl apply -f -
    """  # noqa: D301 - click wants the sign \b itself, not a backslash and a letter
    from lab.cli import experiment_run  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.cli.experiment_request import Request as Made  # noqa: PLC0415 - the same
    from lab.experiments import messages  # noqa: PLC0415 - the same

    default = "whatif" if options["only"] else "names" if any(map(options.get, ("why", "predict", "watch"))) else ""
    request = Made(session, name or default, lang or experiment_run.language(), **options)
    try:
        _do(request, name or "", as_schema=as_schema)
    except LabError as error:
        error.what, error.hint = (messages.translated(text, request.language) for text in (error.what, error.hint))
        raise


def _do(request: Request, name: str, *, as_schema: bool) -> None:
    from lab.cli import experiment_run  # noqa: PLC0415 - as above

    if as_schema:
        experiment_run.print_schema()
    elif request.predict and request.session.as_json:
        experiment_run.print_scores(request, name)
    elif not request.name:
        experiment_run.print_catalogue(request)
    else:
        experiment_run.check(request)
        (experiment_run.print_manifests if request.manifests else experiment_run.run)(request)
