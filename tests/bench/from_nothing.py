"""Run, in a copy of the project, the lab's steps to the services' images or to the node image.

Started by images.py and node.py with the copy's code; writes a line of JSON for each step that ended.
"""

import json
import os
import sys

from lab import config, steps
from lab.cluster.node_image import build
from lab.config import Settings
from lab.images import app
from lab.steps import Event, Report, Step


def services(settings: Settings) -> list[Step]:
    """Return the steps to both services' images, without a registry to push them to."""

    def dependencies(report: Report) -> None:
        for service in app.SERVICES:
            app.prepare_dependencies(settings, service, report)

    def code(report: Report) -> str:
        references = [app.reference(settings, service) for service in app.SERVICES]
        for service, reference in zip(app.SERVICES, references, strict=True):
            app.build(settings, service, reference, report)
        return " ".join(references)

    return [
        Step("Python image", lambda report: app.prepare_base(settings, report)),
        Step("dependencies", dependencies),
        Step("code", code),
    ]


def _write(event: Event) -> None:
    if event.kind in {"done", "skipped"}:
        sys.stdout.write(json.dumps({"step": event.step, "took": event.took, "detail": event.detail}) + "\n")


if __name__ == "__main__":
    choose = {"services": services, "node": build.steps}[sys.argv[1]]
    steps.run(choose(config.load(os.environ)), _write)
