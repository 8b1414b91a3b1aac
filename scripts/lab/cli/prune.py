"""prune: take away what nothing uses any more."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from lab import docker, images, local_images, ownership
from lab.cli.session import Session, command
from lab.cluster import lifecycle
from lab.cluster.node_image import build
from lab.cluster.node_image.recipe import Recipe
from lab.config import MINORS
from lab.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.config import Settings


@dataclass(frozen=True)
class Unused:
    """Something that nothing uses, and what takes it away."""

    what: str
    size: int | None
    """Bytes; None where Docker does not tell."""
    remove: Callable[[], object]


@command("prune")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show.")
def prune(session: Session, *, yes: bool, dry_run: bool) -> None:
    """Take away what nothing uses.

    Images, programs and the like that other versions of these files made, and the data of registries whose clusters
    are gone. Shows it with its size and asks first.
    """
    with session.locked(everything=True):
        found = unused(session.settings)
        document = [{"what": item.what, "bytes": item.size} for item in found]
        total = f"{sum(item.size or 0 for item in found) / 1e6:,.0f} MB"
        if not session.as_json:
            for item in found:
                click.echo(f"{_megabytes(item.size):>12}  {item.what}")
        removes = bool(found) and not dry_run and (yes or _agreed(f"Remove these, {total}?", session))
        for item in found if removes else ():
            item.remove()
    verb = "removed" if removes else "would be removed" if found else "nothing is unused"
    session.finish(f"{len(found)} things, {total}: {verb}" if found else verb, unused=document, removed=removes)


def confirm_clean(session: Session, *, yes: bool) -> None:
    """Say what `clean` takes, and ask on a terminal."""
    size = _size(session.settings.cache) + sum(image.size for image in local_images.unused(session.settings))
    text = f"this takes away all that was built, {size / 1e9:.1f} GB: to build the node image again takes long"
    click.echo(f"! {text}; `make kind-down` keeps it, `make prune` takes only what nothing uses", err=True)
    if not yes and not session.as_json and sys.stdin.isatty() and not click.confirm("Go on?", err=True):
        raise Refused("nothing was taken away", "lab clean --yes does not ask")


def unused(settings: Settings) -> list[Unused]:
    return [*_images(settings), *_files(settings), *_registries(settings)]


def _images(settings: Settings) -> list[Unused]:
    current = {build.reference(Recipe(minor)) for minor in MINORS} | _needed(settings)[0]
    old = [image for image in local_images.unused(settings) if not current & set(image.names)]
    return [
        Unused(f"image {', '.join(image.names) or image.id}", image.size, partial(local_images.remove, [image]))
        for image in old
    ]


def _needed(settings: Settings) -> tuple[set[str], set[Path]]:
    return images.current(settings, build.tools(settings).get("goproxy"))


def _files(settings: Settings) -> list[Unused]:
    """Find what is made for one content of the files and is named by it, and the mirrors of clusters that are gone."""
    builds = [build.Build(settings, Recipe(minor)) for minor in MINORS]
    current = {path for each in builds for path in (each.programs, each.kind_only, each.root)}
    clusters = {settings.cluster, *lifecycle.others(settings)}
    current |= {settings.cache / "mirrors" / cluster for cluster in clusters}
    current |= _needed(settings)[1]
    folders = [settings.cache / name for name in ("node", "dependencies", "mirrors")]
    paths = [path for folder in folders if folder.exists() for path in sorted(folder.iterdir())]
    return [Unused(str(path), _size(path), partial(_remove, path)) for path in paths if path not in current]


def _registries(settings: Settings) -> list[Unused]:
    """Find the data of registries without a container, whose cluster is not the one that is meant."""
    label = f"label={ownership.LABEL}={ownership.mark(settings)}"
    names = docker.docker("volume", "ls", "--quiet", "--filter", label, "--filter", "dangling=true").split()
    return [
        Unused(f"registry data {name}", None, partial(docker.docker, "volume", "rm", name))
        for name in names
        if name != settings.registry
    ]


def _agreed(question: str, session: Session) -> bool:
    if session.as_json or not sys.stdin.isatty():
        raise Refused("nothing was taken away: there is no terminal to ask on", "lab prune --yes")
    return click.confirm(question)


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:,.1f} MB"


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
