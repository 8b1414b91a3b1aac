"""kind-up, kind-down, doctor, clean: the machine and the cluster."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab import docker, images, reach
from lab.cli.session import Session, command
from lab.cluster import engine, lifecycle, node_image, preflight, tools

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import Settings
    from lab.events import Step


@command("kind-up")
def kind_up(session: Session) -> None:
    """Bring up the cluster.

    Checks what the machine needs (and on Debian installs it), starts Docker, has the node image, the images and their
    registry ready, creates the cluster, names it in your kubeconfig, and puts a fitting kubectl beside the lab.
    """
    with session.working() as run:
        run(machine_steps(session.settings))
        run(up_steps(session.settings))
    session.say(f"The cluster {session.settings.cluster} is up. Next: make deploy", context=session.settings.context)


def machine_steps(settings: Settings) -> list[Step]:
    """Return the steps from a bare machine to a Docker that answers."""
    return [*preflight.steps(settings), *engine.steps(settings)]


def node_steps(settings: Settings) -> list[Step]:
    """Return the steps to a kind and, where no published one is in reach, a node image."""
    if not reach.published(settings):
        return node_image.steps(settings)
    return [] if tools.kind_on_path() else node_image.build_kind_only(settings)


def up_steps(settings: Settings) -> list[Step]:
    """Return all steps from a Docker that answers to a cluster that is up."""
    published = reach.published(settings)
    built = {} if published else node_image.tools(settings)
    image = None if published else node_image.reference()
    return [
        *node_steps(settings),
        *images.steps(settings, goproxy=built.get("goproxy")),
        *lifecycle.steps(
            settings,
            kind=lambda: _kind(settings),
            image=image,
            mirrors=images.registry.write_mirrors(settings),
        ),
        *tools.steps(settings, lambda: built.get("kubectl")),
    ]


def _kind(settings: Settings) -> Path:
    on_path = tools.kind_on_path() if reach.published(settings) else None
    return on_path or node_image.tools(settings)["kind"]


@command("kind-down")
def kind_down(session: Session) -> None:
    """Take the cluster away, keep what was built.

    Its node, its registry, its place in the kubeconfig, and the Docker that the lab started. What was built stays in
    the caches, so that the next kind-up takes seconds.
    """
    settings = session.settings
    with session.working():
        was_there = _remove(settings)
    session.say(f"The cluster {settings.cluster} is {'gone' if was_there else 'not there'}; the caches are kept")


@command("clean")
def clean(session: Session) -> None:
    """Take away the cluster and all that was built.

    Its node, its registry with its data, the images, and the caches.
    """
    settings = session.settings
    with session.working():
        if docker_answers():
            lifecycle.down(settings)
            images.remove(settings)
            images.clean(settings)
            node_image.clean()
        _remove(settings)
        shutil.rmtree(settings.cache, ignore_errors=True)
    session.say("The cluster and the caches are gone")


@command("doctor")
def doctor(session: Session) -> None:
    """Name everything that this machine lacks.

    Says what to do about each thing. Changes nothing.
    """
    from lab.report import tables  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

    found = preflight.requirements(session.settings)
    lacking = [one.name for one in found if not one.ok]
    if session.as_json:
        click.echo(tables.as_json({"ok": not lacking, "requirements": [asdict(one) for one in found]}))
    else:
        tables.requirements(found)
    trouble = f"this machine lacks: {', '.join(lacking)}"
    session.judge(ok=not lacking, trouble=trouble, hint="`make kind-up` gets what it can on Debian")
    if not session.as_json:
        click.echo("Nothing is missing")


def docker_answers() -> bool:
    """Tell whether there is a Docker to take things away from."""
    return shutil.which("docker") is not None and docker.answers()


def _remove(settings: Settings) -> bool:
    if not docker_answers():
        lifecycle.forget(settings)
        return False
    was_there = lifecycle.down(settings)
    images.remove(settings)
    docker.remove_unused_network("kind")
    engine.stop(settings)
    return was_there
