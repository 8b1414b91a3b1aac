"""The steps from sources to images that a node can pull; each asks the registry first, so that again is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lab import docker, registry_access, shell
from lab.images import app, course, recipes, registry
from lab.images.registry_client import Name, Registry
from lab.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lab.config import Settings
    from lab.images.app import Service
    from lab.steps import Report


def steps(settings: Settings, *, goproxy: Path | None) -> list[Step]:
    """Return the steps to a registry that holds both services and, where none other is in reach, the course's images.

    ``goproxy`` is where that program is by the time the steps run; its image is left out where it is not.
    """
    now = partial(app.references, settings)
    course_step = _stands_step(settings, "Make the course's images", lambda: course.stands(goproxy))
    return [_registry_step(settings), *_service_steps(settings, now), course_step]


def app_steps(settings: Settings, references: Mapping[str, str], *, redis: bool = False) -> list[Step]:
    """Return the steps that `lab deploy` needs: a registry that holds both services under these references.

    ``references`` are those of ``app.references``; the steps raise LabError where files change after it was asked.
    ``redis`` adds its image, where none is in reach.
    """
    extra = [_stands_step(settings, "Make a Redis image", lambda: [course.REDIS], expected=5)] if redis else []
    return [_registry_step(settings), *_service_steps(settings, lambda: references), *extra]


def remove(settings: Settings) -> bool:
    """Take the registry's container away, its data staying in a volume; tells whether there was one."""
    return registry.remove(settings)


def clean(settings: Settings) -> None:
    """Take away the registry, its data, and every image that the lab built here, save those in use."""
    registry.remove(settings)
    if docker.inspect(settings.registry, "volume"):
        docker.docker("volume", "rm", settings.registry)
    found = docker.docker("image", "ls", "--quiet", "--no-trunc", "--filter", f"label={registry.LABEL}=images")
    if found:
        shell.run(["docker", "image", "rm", "--force", *dict.fromkeys(found.split())], timeout=120, check=False)


def _registry_step(settings: Settings) -> Step:
    def done() -> str | None:
        found = registry.find(settings)
        return f"answers on {found.address}" if found and found.answers() else None

    def act(report: Report) -> str:
        return f"answers on {registry.ensure(settings, report).address}"

    return Step("Start the image registry", act, done, expected=15)


def _service_steps(settings: Settings, references: Callable[[], Mapping[str, str]]) -> list[Step]:
    wanted = _Wanted(settings, references)

    def fetch(report: Report) -> str:
        for service in wanted.missing():
            app.prepare_dependencies(settings, service, report)
        return "from the lock files"

    def act(report: Report) -> str:
        return ", ".join(_deliver(settings, one, reference, report) for one, reference in wanted.every().items())

    return [
        Step("Have a Python image", lambda report: app.prepare_base(settings, report), wanted.pushed, expected=10),
        Step("Fetch the services' dependencies", fetch, wanted.pushed, expected=15),
        Step("Build and push the services", act, wanted.named, expected=10),
    ]


@dataclass(frozen=True)
class _Wanted:
    """The two services as they are to be in the registry, and what it lacks of them; it is asked anew each time."""

    settings: Settings
    references: Callable[[], Mapping[str, str]]

    def every(self) -> dict[Service, str]:
        references = self.references()
        return {service: references[app.repository(service)] for service in app.SERVICES}

    def missing(self) -> list[Service]:
        found = registry.find(self.settings)
        return [one for one, said in self.every().items() if found is None or found.digest(names(said)[0]) is None]

    def pushed(self) -> str | None:
        return None if self.missing() else "not needed: the registry has both services"

    def named(self) -> str | None:
        found = registry.find(self.settings)
        every = self.every().values()
        return "nothing changed" if found and all(_has(found, names(each)) for each in every) else None


def names(reference: str) -> list[Name]:
    """Return a service's names in the registry: its content's, and ``latest`` at Docker Hub and in the course."""
    repository, tag = reference.split(":")
    here = f"library/{repository}"
    return [Name(here, tag), Name(here, "latest"), Name(repository, "latest")]


def _deliver(settings: Settings, service: Service, reference: str, report: Report) -> str:
    target = registry.ensure(settings, report)
    with recipes.exclusive(settings, app.repository(service)):
        if target.digest(names(reference)[0]) is None:
            app.build(settings, service, reference, report)
        registry.push(target, reference, names(reference), report)
    return reference


def _stands_step(
    settings: Settings, title: str, stands: Callable[[], list[course.Stand]], *, expected: float = 25
) -> Step:
    def done() -> str | None:
        if registry_access.published(settings):
            return "not needed: the nodes pull the published ones"
        found = registry.find(settings)
        return "nothing changed" if found and all(_has(found, each.names) for each in stands()) else None

    def act(report: Report) -> str:
        target, every = registry.ensure(settings, report), stands()
        for number, stand in enumerate(every):
            report(stand.repository, number / len(every))
            with recipes.exclusive(settings, stand.recipe.name):
                if target.digest(stand.names[0]) is None:
                    recipes.build(settings, stand.recipe, report)
                registry.push(target, stand.recipe.tag, stand.names, report)
        return ", ".join(stand.repository.removeprefix("library/") for stand in every)

    return Step(title, act, done, expected=expected)


def _has(found: Registry, wanted: list[Name]) -> bool:
    """Tell whether all these names lead to the content of the first."""
    digests = {found.digest(name) for name in wanted}
    return len(digests) == 1 and None not in digests
