"""The steps from sources to images that a node can pull; each looks into the registry first, so that again is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lab import docker, registry_access, shell
from lab.images import app, course, recipes, registry
from lab.images.registry_client import Name, Registry
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lab.config import Settings
    from lab.images.app import Service
    from lab.steps import Report


def steps(settings: Settings, *, goproxy: Path | None) -> list[Step]:
    """Return the steps to a registry with both services and, where none other is in reach, the course's images.

    ``goproxy`` is where that program is by the time the steps run; its image is left out where it is not.
    """
    references = partial(app.references, settings)
    course_step = _substitutes_step(settings, "Make the course's images", lambda: course.substitutes(goproxy))
    return [_registry_step(settings), *_service_steps(settings, references), course_step]


def app_steps(settings: Settings, references: Mapping[str, str], *, redis: bool = False) -> list[Step]:
    """Return the steps that `lab deploy` needs: a registry with both services under these references.

    ``references`` are those of ``app.references``; the steps raise LabError where files change after it was called.
    ``redis`` adds its image, where none is in reach.
    """
    extra = [_substitutes_step(settings, "Make a Redis image", lambda: [course.REDIS], expected=5)] if redis else []
    return [_registry_step(settings), *_service_steps(settings, lambda: references), *extra]


def remove(settings: Settings) -> bool:
    """Remove the registry's container, its data staying in a volume; tells whether there was one."""
    return registry.remove(settings)


def clean(settings: Settings) -> None:
    """Remove the registry, its data, and every image that the lab built here, save those in use."""
    registry.remove(settings)
    if docker.inspect(settings.registry, "volume"):
        docker.docker("volume", "rm", settings.registry)
    ids = docker.docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"label={registry.LABEL}=images").split()
    if ids:
        shell.run(["docker", "image", "rm", "--force", *dict.fromkeys(ids)], timeout=120, check=False)


def _registry_step(settings: Settings) -> Step:
    def done() -> str | None:
        running = registry.find(settings)
        return f"answers on {running.address}" if running and running.answers() else None

    def act(report: Report) -> str:
        return f"answers on {registry.ensure(settings, report).address}"

    return Step("Start the image registry", act, done, expected=15)


def _service_steps(settings: Settings, references: Callable[[], Mapping[str, str]]) -> list[Step]:
    services = _Services(settings, references)

    def fetch(report: Report) -> str:
        for service in services.missing():
            app.prepare_dependencies(settings, service, report)
        return "from the lock files"

    def act(report: Report) -> str:
        references = services.references_by_service().items()
        return ", ".join(_deliver(settings, service, reference, report) for service, reference in references)

    return [
        Step("Have a Python image", lambda report: app.prepare_base(settings, report), services.pushed, expected=10),
        Step("Fetch the services' dependencies", fetch, services.pushed, expected=15),
        Step("Build and push the services", act, services.named, expected=10),
    ]


@dataclass(frozen=True)
class _Services:
    """The two services as they are to be in the registry, and what it lacks of them, looked up anew each time."""

    settings: Settings
    references: Callable[[], Mapping[str, str]]

    def references_by_service(self) -> dict[Service, str]:
        references = self.references()
        return {service: references[app.repository(service)] for service in app.SERVICES}

    def missing(self) -> list[Service]:
        running = registry.find(self.settings)
        return [
            service
            for service, reference in self.references_by_service().items()
            if running is None or running.digest(names(reference)[0]) is None
        ]

    def pushed(self) -> str | None:
        return None if self.missing() else "not needed: the registry has both services"

    def named(self) -> str | None:
        return _unchanged(self.settings, map(names, self.references_by_service().values()))


def names(reference: str) -> list[Name]:
    """Return a service's names in the registry: its content's, and ``latest`` at Docker Hub and in the course."""
    repository, tag = reference.split(":")
    docker_hub = f"library/{repository}"
    return [Name(docker_hub, tag), Name(docker_hub, "latest"), Name(repository, "latest")]


def _deliver(settings: Settings, service: Service, reference: str, report: Report) -> str:
    target = registry.ensure(settings, report)
    with recipes.exclusive(settings, app.repository(service)):
        if target.digest(names(reference)[0]) is None:
            app.build(settings, service, reference, report)
        registry.push(target, reference, names(reference), report)
    return reference


def _substitutes_step(
    settings: Settings, title: str, substitutes: Callable[[], list[course.Substitute]], *, expected: float = 25
) -> Step:
    def done() -> str | None:
        if registry_access.published(settings):
            return "not needed: the nodes pull the published ones"
        return _unchanged(settings, (substitute.names for substitute in substitutes()))

    def act(report: Report) -> str:
        target, images = registry.ensure(settings, report), substitutes()
        for number, image in enumerate(images):
            report(image.repository, number / len(images))
            with recipes.exclusive(settings, image.recipe.name):
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
