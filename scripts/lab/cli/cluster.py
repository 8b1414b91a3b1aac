"""kind-up, kind-down, doctor, clean: the machine and the cluster."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from lab import docker, images, lock, registry_access
from lab.cli import prune, wording
from lab.cli.session import Session, command
from lab.cluster import client_programs, docker_daemon, kubeconfig, lifecycle, preflight
from lab.cluster.node_image import build
from lab.cluster.node_image.recipe import PUBLISHED, Recipe
from lab.errors import LabError, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import Settings
    from lab.steps import Step


@command("kind-up")
def kind_up(session: Session) -> None:
    """Bring up the cluster.

    Checks what the machine needs (and on Debian installs it), starts Docker, has the node image, the images and their
    registry ready, creates the cluster, names it in your kubeconfig, and puts a fitting kubectl beside the lab.
    """
    preflight.authenticate(session.settings)
    with session.locked() as run:
        run(machine_steps(session.settings))
        kubeconfig.check(session.settings.kubeconfigs)
        lifecycle.check(session.settings)
        images.registry.check(session.settings)
        run(up_steps(session.settings))
    session.finish(f"The cluster {session.settings.cluster} is up. Next: make deploy", context=session.settings.context)


def machine_steps(settings: Settings) -> list[Step]:
    return _one_at_a_time(settings, [*preflight.steps(settings), *docker_daemon.steps(settings)])


def _one_at_a_time(settings: Settings, steps: list[Step]) -> list[Step]:
    return [lock.one_at_a_time(settings, step) for step in steps]


def node_steps(settings: Settings) -> list[Step]:
    """Return the steps to a kind and, where no published one is in reach, a node image."""
    if not registry_access.published(settings):
        return build.steps(settings)
    return [] if client_programs.kind_on_path() else build.build_kind_only(settings)


def up_steps(settings: Settings) -> list[Step]:
    published = registry_access.published(settings)
    built = {} if published else build.tools(settings)
    minor = settings.kubernetes
    image = PUBLISHED[minor] if published else build.reference(Recipe(minor))
    return [
        *_one_at_a_time(settings, node_steps(settings)),
        *images.steps(settings, goproxy=built.get("goproxy")),
        *lifecycle.steps(
            settings,
            kind=lambda: _kind(settings),
            image=image,
            mirrors=images.registry.write_mirrors(settings),
        ),
        *client_programs.steps(settings, lambda: built.get("kubectl")),
    ]


def _kind(settings: Settings) -> Path:
    on_path = client_programs.kind_on_path() if registry_access.published(settings) else None
    return on_path or build.tools(settings)["kind"]


@command("kind-down")
def kind_down(session: Session) -> None:
    """Take the cluster away, keep what was built.

    Its node, its registry, its place in the kubeconfig, and the Docker daemon that the lab started itself. What was
    built stays in the caches, so that the next kind-up takes seconds.
    """
    settings = session.settings
    with session.locked() as run:
        run(_docker_steps(settings))
        existed = _remove(settings)
        with lock.others_idle(settings) as idle:
            stopped = idle and docker_daemon.stop(settings)
    result = f"The cluster {settings.cluster} is {'gone' if existed else 'not there'}; the caches are kept"
    session.finish(f"{result}\nDocker, which the lab had started, is stopped" if stopped else result)


@command("clean")
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(session: Session, *, yes: bool) -> None:
    """Take away the cluster and all that was built.

    Its node, its registry with its data, the images, and the caches.
    """
    settings = session.settings
    with session.locked(everything=True) as run:
        run(_docker_steps(settings))
        if docker.installed():
            _refuse_while_used(settings)
            lifecycle.check(settings)
            prune.confirm_clean(session, yes=yes)
            _remove(settings)
            images.clean(settings)
            build.clean(settings)
            docker_daemon.stop(settings)
        _remove_caches(settings)
    session.finish("The cluster and the caches are gone")


def _docker_steps(settings: Settings) -> list[Step]:
    """Return what makes Docker answer: what it holds cannot be taken away while it is stopped."""
    return docker_daemon.steps(settings) if docker.installed() else []


def _refuse_while_used(settings: Settings) -> None:
    if others := lifecycle.others(settings):
        raise Refused(
            f"the cluster {others[0]} stands on the same caches: nothing was taken away",
            f"first: LAB_CLUSTER={others[0]} make kind-down",
        )


def _remove(settings: Settings) -> bool:
    if not docker.installed():
        raise LabError(
            "there is no docker on your PATH: nothing was taken away", "put it back on your PATH, then again"
        )
    existed = lifecycle.down(settings)
    images.registry.remove(settings)
    images.registry.remove_network(settings)
    return existed


def _remove_caches(settings: Settings) -> None:
    """Remove the caches; a Docker that the lab started and others use goes on, and so do the files that it lives on."""
    kept = docker_daemon.files_in_use(settings)
    for path in settings.cache.iterdir() if settings.cache.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path not in kept:
            path.unlink()
    if not kept and settings.cache.exists():
        settings.cache.rmdir()


@command("doctor")
def doctor(session: Session) -> None:
    """Name everything that this machine lacks, or that hurts a cluster here.

    Says what to do about each thing. Changes nothing.
    """
    from lab.report.terminal import tables  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

    requirements = [replace(item, fix=wording.hint(item.fix)) for item in preflight.requirements(session.settings)]
    lacking = [requirement.name for requirement in requirements if not requirement.ok]
    document = {"ok": not lacking, "requirements": [asdict(requirement) for requirement in requirements]}
    session.show(document, lambda: tables.requirements(requirements))
    hint = "beside each stands what to do; `make kind-up` installs on Debian what is missing"
    session.fail_unless(not lacking, f"to be mended on this machine: {', '.join(lacking)}", hint)
    if not session.as_json:
        click.echo("Nothing is missing")
