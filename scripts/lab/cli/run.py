"""run: both services on this computer, without Docker."""

from __future__ import annotations

import contextlib
import threading
import time

import click

from lab.cli.session import Session, command

_PORT = click.IntRange(1, 65535)


@command("run", output_options=False)
@click.option("--front-port", type=_PORT, default=8080, show_default=True, help="The page's port.")
@click.option("--back-port", type=_PORT, default=3000, show_default=True, help="The backend's port.")
def run(session: Session, *, front_port: int, back_port: int) -> None:
    """Run both services on this computer, without Docker or Kubernetes.

    The fastest way to see the page. Faults can be switched on. Whoever changes a file of a service sees it started
    anew. Ctrl-C ends both.
    """
    from lab import local_run  # noqa: PLC0415 - not on the way to `lab --help`

    packages = local_run.packages(session.settings, click.echo)
    begun = time.monotonic()
    with local_run.services(front_port, back_port, packages) as (back, front), contextlib.suppress(KeyboardInterrupt):
        local_run.run((back, front), click.echo, threading.Event())
    click.echo(f"ended after {time.monotonic() - begun:.0f} s")
