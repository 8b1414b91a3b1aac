"""The commands, and how they end: only here are errors printed and exit codes chosen."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from lab import cli, config, privileges
from lab.cli import app, bundle, class_, cluster, develop, experiment, learn, lesson, prune, sequence, wording
from lab.cli import run as run_command
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRITABLE = "name a folder that you can write: LAB_CACHE for the caches, KUBECONFIG for the kubeconfig"
_REMEDY = {
    **dict.fromkeys((errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.ENOENT, errno.EISDIR), _WRITABLE),
    errno.ENOSPC: "free some disk, or set LAB_CACHE to a folder on a larger one; then run the same command again",
    errno.EACCES: "it belongs to somebody else: run as its owner, or set LAB_CACHE to a folder of your own",
}

HELP = """Cats on a real Kubernetes cluster, on this machine.

Begin with `lab kind-up deploy`: the page answers on http://localhost:30080. Each command can be run again: it does what
is left to do. Several in one line run one after another, up to the first that fails.

\b
Settings, from the environment:
  LAB_CLUSTER     the cluster's name [cats]
  LAB_FRONT_PORT  the page's port on this computer [30080]
  LAB_BACK_PORT   the backend's [30030]
  LAB_IMAGES      auto, published (pull images), packages (build them) [auto]
  LAB_KUBERNETES  the cluster's minor version, 1.37 or 1.35 [1.37]
  LAB_CACHE       the folder whose chatroulette-lab keeps what was built [~/.cache]
  KUBECONFIG      the kubeconfig that gets the cluster's context [~/.kube/config]

Exit codes: 0 done, 1 something failed or disagrees, 2 bad input or refused, 130 interrupted.
"""


class _InOrder(click.Group):
    """Lists its commands in the order of a day's work, not of the alphabet."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="chatroulette-lab")
def lab() -> None:
    """Gather the commands."""


for command in (
    run_command.run,
    cluster.kind_up,
    *app.COMMANDS,
    experiment.experiment,
    lesson.lesson,
    learn.learn,
    class_.class_table,
    cluster.kind_down,
    *(() if config.INSTALLED else develop.COMMANDS),
    cluster.doctor,
    bundle.bundle,
    prune.prune,
    cluster.clean,
):
    lab.add_command(command)


def run() -> NoReturn:
    """Run the command line; every expected failure ends in one clear line, what to do, and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no ✓ shows something else
    try:
        cli.handle_signals(_interrupt)
        privileges.join_docker_group()
        code = _run_in_sequence(sys.argv[1:])
    except privileges.NewMember as error:
        click.echo(f"• {error.what}", err=True)
        privileges.join_docker_group()
        _show(LabError(error.what, "log out and in again, then run the same command"))
        code = 1
    except LabError as error:
        _show(error)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(cli.INTERRUPTED, err=True)
        code = cli.STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has gone
        code = 1
    except OSError as error:
        _show(LabError(f"{error.filename or 'this machine'}: {error.strerror}", _REMEDY.get(error.errno or 0, "")))
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _run_in_sequence(words: Sequence[str]) -> object:
    """Run one command after another, up to the first that does not end with 0."""
    code: object = 0
    for command in sequence.split(words):
        code = lab.main(args=command, prog_name="lab", standalone_mode=False)
        if code:
            break
    return code


def _show(error: LabError) -> None:
    hint = wording.hint(error.hint)
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": error.what, "hint": hint}))
        return
    click.echo(f"{click.style('✗', fg='red')} {error.what}", err=True)
    if hint:
        click.echo(f"  → {hint}", err=True)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
