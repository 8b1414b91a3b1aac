"""The steps from sources to images that a node can pull; each looks into the registry first, so that again is cheap."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab import local_images, lock, registry_access
from lab.config import Settings
from lab.images import app, recipes, registry
from lab.images.app import Service
from lab.images.recipes import Recipe
from lab.images.registry_client import Name, Registry
from lab.steps import Report, Step


@dataclass(frozen=True)
class Substitute:
    """An image in the place of a published one: its recipe, and its repository and tags in the lab's registry."""

    recipe: Recipe
    repository: str
    tags: tuple[str, ...]

    @property
    def names(self) -> list[Name]:
        """Its names in the registry, the tag of its content first."""
        return [Name(self.repository, tag) for tag in (self.recipe.content, *self.tags)]


REDIS = Substitute(Recipe("redis"), "library/redis", ("latest", "7", "7.0", "7.0.15"))
"""What SHAPE=scale needs too: made when that is deployed, so that nobody else waits for it."""


def substitutes(goproxy: Path | None) -> list[Substitute]:
    """List the course's images; ``goproxy`` is that program for the nodes' architecture, left out where it is missing.

    A tag with a version is that of the content: Debian's busybox is 1.35, and MariaDB is no version of MySQL.
    """
    images = [
        Substitute(Recipe("busybox"), "library/busybox", ("latest", "1.35", "1.35.0")),
        Substitute(Recipe("mysql"), "library/mysql", ("latest",)),
    ]
    if goproxy and goproxy.is_file():
        images.append(Substitute(Recipe("goproxy", goproxy), "goproxy", ("0.1",)))
    return images


def steps(settings: Settings, *, goproxy: Path | None) -> list[Step]:
    """Return the steps to a registry with both services and, where none other is in reach, the course's images.

    ``goproxy`` is where that program is by the time the steps run; its image is left out where it is not.
    """
    references = partial(app.references, settings)
    course_step = _substitutes_step(settings, "Make the course's images", lambda: substitutes(goproxy))
    return _one_at_a_time(settings, _registry_step(settings), *_service_steps(settings, references), course_step)


def app_steps(settings: Settings, references: Mapping[str, str], *, redis: bool = False) -> list[Step]:
    """Return the steps that `lab deploy` needs: a registry with both services under these references.

    ``references`` are those of ``app.references``; the steps raise LabError where files change after it was called.
    ``redis`` adds its image, where none is in reach.
    """
    extra = [_substitutes_step(settings, "Make a Redis image", lambda: [REDIS], expected=5)] if redis else []
    services = _service_steps(settings, lambda: references)
    return _one_at_a_time(settings, _registry_step(settings), *services, *extra)


def _one_at_a_time(settings: Settings, *steps: Step) -> list[Step]:
    """Let no other cluster's command work in the same caches meanwhile."""
    return [lock.one_at_a_time(settings, step) for step in steps]


def clean(settings: Settings) -> None:
    """Remove the registry, its data, and every image that this lab built here, save those in use."""
    registry.remove_data(settings)
    local_images.remove(local_images.unused(settings))


def current(settings: Settings, goproxy: Path | None) -> tuple[set[str], set[Path]]:
    """Return the images and the cached folders that the files as they are now need."""
    tags, folders = app.current(settings)
    others = [registry.RECIPE, *(image.recipe for image in (*substitutes(goproxy), REDIS))]
    return tags | {recipe.tag for recipe in others}, folders


def _registry_step(settings: Settings) -> Step:
    def done() -> str | None:
        running = registry.find(settings)
        return f"answers on {running.address}" if running and running.answers() else None

    def act(report: Report) -> str:
        return f"answers on {registry.ensure(settings, report).address}"

    return Step("Start the image registry", act, done, expected=15)


def _service_steps(settings: Settings, references: Callable[[], Mapping[str, str]]) -> list[Step]:
    def missing() -> list[Service]:
        running, current = registry.find(settings), references()
        contents = {service: names(current[app.repository(service)])[0] for service in app.SERVICES}
        return [service for service, name in contents.items() if running is None or running.digest(name) is None]

    def pushed() -> str | None:
        return None if missing() else "not needed: the registry has both services"

    def named() -> str | None:
        return _unchanged(settings, map(names, references().values()))

    def fetch(report: Report) -> str:
        for service in missing():
            app.prepare_dependencies(settings, service, report)
        return "from the lock files"

    def deliver(report: Report) -> str:
        target, current = registry.ensure(settings, report), references()
        for service in app.SERVICES:
            reference = current[app.repository(service)]
            if target.digest(names(reference)[0]) is None:
                app.build(settings, service, reference, report)
            registry.push(target, reference, names(reference), report)
        return ", ".join(current.values())

    return [
        Step("Have a Python image", lambda report: app.prepare_base(settings, report), pushed, expected=10),
        Step("Fetch the services' dependencies", fetch, pushed, expected=15),
        Step("Build and push the services", deliver, named, expected=10),
    ]


def names(reference: str) -> list[Name]:
    """Return a service's names in the registry: its content's, and ``latest`` at Docker Hub and in the course."""
    repository, tag = reference.split(":")
    docker_hub = f"library/{repository}"
    return [Name(docker_hub, tag), Name(docker_hub, "latest"), Name(repository, "latest")]


def _substitutes_step(
    settings: Settings, title: str, listed: Callable[[], list[Substitute]], *, expected: float = 25
) -> Step:
    def done() -> str | None:
        if registry_access.published(settings):
            return "not needed: the nodes pull the published ones"
        return _unchanged(settings, (substitute.names for substitute in listed()))

    def act(report: Report) -> str:
        target, images = registry.ensure(settings, report), listed()
        for number, image in enumerate(images):
            report(image.repository, number / len(images))
            if target.digest(image.names[0]) is None:
                recipes.build(settings, image.recipe, report)
            registry.push(target, image.recipe.tag, image.names, report)
        return ", ".join(image.repository.removeprefix("library/") for image in images)

    return Step(title, act, done, expected=expected)


def _unchanged(settings: Settings, images: Iterable[list[Name]]) -> str | None:
    running = registry.find(settings)
    return "nothing changed" if running and all(_has(running, image) for image in images) else None


def _has(running: Registry, image: list[Name]) -> bool:
    """Tell whether all these names lead to the content of the first."""
    digests = {running.digest(name) for name in image}
    return len(digests) == 1 and None not in digests
