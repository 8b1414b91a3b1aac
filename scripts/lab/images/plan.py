"""The steps from sources to images that a node can pull; each asks the registry first, so that again is cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import docker, reach, shell
from lab.events import Step
from lab.images import app, course, recipes, registry
from lab.images.distribution import Name, Registry

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import Settings
    from lab.events import Report
    from lab.images.app import Service

PACKAGES = ("mmdebstrap",)
"""What Debian must have installed to build images where no image registry is in reach."""


def steps(settings: Settings, *, goproxy: Path | None) -> list[Step]:
    """Return the steps to a registry that holds both services and, where none other is in reach, the course's images.

    ``goproxy`` is where that program is by the time the steps run; its image is left out where it is not.
    """
    return [_registry_step(settings), *_service_steps(settings), _course_step(settings, goproxy)]


def app_steps(settings: Settings) -> list[Step]:
    """Return the steps that `lab deploy` needs: a registry that holds both services as their files are now."""
    return [_registry_step(settings), *_service_steps(settings)]


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


def _service_steps(settings: Settings) -> list[Step]:
    wanted = _Wanted(settings)

    def fetch(report: Report) -> str:
        for service in wanted.missing():
            app.prepare_dependencies(settings, service, report)
        return "from the lock files"

    def act(report: Report) -> str:
        built = [_deliver(settings, service, report) for service in app.SERVICES]
        return ", ".join(built)

    return [
        Step("Have a Python image", lambda report: app.prepare_base(settings, report), wanted.pushed, expected=10),
        Step("Fetch the services' dependencies", fetch, wanted.pushed, expected=15),
        Step("Build and push the services", act, wanted.named, expected=10),
    ]


class _Wanted:
    """What the registry lacks of the two services; it is asked anew each time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def missing(self) -> list[Service]:
        found = registry.find(self._settings)
        return [
            one
            for one in app.SERVICES
            if found is None or found.digest(names(app.reference(self._settings, one))[0]) is None
        ]

    def pushed(self) -> str | None:
        return None if self.missing() else "not needed: the registry has both services"

    def named(self) -> str | None:
        found = registry.find(self._settings)
        every = [names(app.reference(self._settings, service)) for service in app.SERVICES]
        return "nothing changed" if found and all(_has(found, each) for each in every) else None


def names(reference: str) -> list[Name]:
    """Return a service's names in the registry: its content's, and ``latest`` at Docker Hub and in the course."""
    repository, tag = reference.split(":")
    here = f"library/{repository}"
    return [Name(here, tag), Name(here, "latest"), Name(repository, "latest")]


def _deliver(settings: Settings, service: Service, report: Report) -> str:
    target = registry.ensure(settings, report)
    with recipes.alone(settings, app.repository(service)):
        reference = app.reference(settings, service)
        if target.digest(names(reference)[0]) is None:
            reference = app.build(settings, service, report)
        registry.push(target, reference, names(reference), report)
    return reference


def _course_step(settings: Settings, goproxy: Path | None) -> Step:
    def done() -> str | None:
        if reach.published(settings):
            return "not needed: the nodes pull the published ones"
        found = registry.find(settings)
        return "nothing changed" if found and all(_has(found, each.names) for each in course.stands(goproxy)) else None

    def act(report: Report) -> str:
        target, every = registry.ensure(settings, report), course.stands(goproxy)
        for number, stand in enumerate(every):
            report(stand.repository, number / len(every))
            with recipes.alone(settings, stand.recipe.name):
                if target.digest(stand.names[0]) is None:
                    recipes.build(settings, stand.recipe, report)
                registry.push(target, stand.recipe.tag, stand.names, report)
        return ", ".join(stand.repository.removeprefix("library/") for stand in every)

    return Step("Make the course's images", act, done, expected=25)


def _has(found: Registry, wanted: list[Name]) -> bool:
    """Tell whether all these names lead to the content of the first."""
    digests = {found.digest(name) for name in wanted}
    return len(digests) == 1 and None not in digests
