"""deploy, verify, open, status, logs, debug, undeploy: the cats on the cluster."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import asdict

import click

from lab import host, images
from lab.cli.session import Session, command
from lab.deploy import plan, services
from lab.deploy import status as status_
from lab.deploy.forwards import Forwards
from lab.deploy.manifests import SHAPES, Shape
from lab.deploy.services import BACK, FRONT, ServicePod
from lab.kubernetes import access, client, ephemeral

_NAMES = {BACK: "The backend  http://localhost:3000/version", FRONT: "The page     http://localhost:8080"}


@command("deploy")
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default="pods",
    show_default=True,
    help="pods: the course's two bare Pods. app: Deployments, Services and a ConfigMap in the namespace chatroulette. "
    "scale: three backends that share a Redis, two frontends, autoscalers, budgets and network policies.",
)
@click.option(
    "--faults/--no-faults",
    default=True,
    show_default=True,
    help="Let faults be switched on, for the lessons (the services' FAULTS=on).",
)
def deploy(session: Session, *, shape: Shape, faults: bool) -> None:
    """Put the cats on the cluster.

    Builds what changed, pushes it, applies it, and waits until it answers. Where it does not come up, says why, and
    which command to try next.
    """
    settings = session.settings
    with session.locked() as run:
        access.connect(settings)
        references = images.app.references(settings)
        deployment = plan.prepare(settings, shape, references, faults=faults)
        build = images.app_steps(settings, references, redis=shape == "scale")
        run([plan.check(deployment), *build, *plan.steps(deployment)])
    session.finish(
        f"The page     {settings.front_url}\nThe backend  {settings.back_url}/version\n"
        f"The Pods     kubectl -n {SHAPES[shape]} get pods",
        page=settings.front_url,
        backend=f"{settings.back_url}/version",
    )


@command("verify")
def verify(session: Session) -> None:
    """Try what a user would, and say what answered and why.

    Port-forward to both Pods, localhost and the name inside them, an ephemeral container, a Service from another Pod.
    Of the lab's Pods and of those that you made. Exits with 1 if one answer is not as Kubernetes' rules predict.
    """
    from lab.experiments.matrix import verify as verify_  # noqa: PLC0415 - not on the way to `lab --help`
    from lab.report.terminal import tables  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

    checks = verify_.verify(session.settings)
    wrong = sum(not check.ok for check in checks)
    document = {"ok": not wrong, "checks": [asdict(check) for check in checks]}
    session.show(document, lambda: tables.checks(checks))
    failure = f"{wrong} of {len(checks)} did not answer as predicted"
    session.fail_unless(not wrong, failure, "`make status` shows the Pods")
    if not session.as_json:
        click.echo(f"All {len(checks)} answered as predicted.")


@command("open", output_options=False)
def open_page(session: Session) -> None:
    """Forward 8080 and 3000 to the cats, open the page.

    As the course does with `kubectl port-forward`, to the lab's Pods or those that you made. Ctrl-C ends it.
    """
    opened: list[str] = []

    def ready(pod: ServicePod) -> None:
        click.echo(f"{_NAMES[pod.service]}, of {pod.namespace}/{pod.name}")
        browser = host.browser(os.environ)
        if pod.service == FRONT and browser and not opened:
            opened.append(browser)
            quiet = subprocess.DEVNULL
            subprocess.Popen([browser, "http://localhost:8080/"], stdin=quiet, stdout=quiet, stderr=quiet)

    with contextlib.suppress(KeyboardInterrupt):
        forwards = Forwards(session.settings, click.echo, ready)
        click.echo("Ctrl-C ends it")
        forwards.run()


@command("status")
def status(session: Session) -> None:
    """Show the cluster, the Pods, and what answers.

    Changes nothing. Exits with 1 where something that is there is not well.
    """
    from lab.report.terminal import tables  # noqa: PLC0415 - rich takes a tenth of a second, which `--help` has not

    result = status_.status(session.settings)
    session.show(asdict(result), lambda: tables.status(result))
    if not result.is_well:
        click.get_current_context().exit(1)


@command("logs", output_options=False)
@click.option("--follow/--no-follow", "-f", default=True, show_default=True, help="Go on with what comes.")
def logs(session: Session, *, follow: bool) -> None:
    """Follow the logs of both services.

    Of every Pod that carries one, whoever made it; each line begins with the Pod's name. Ctrl-C ends it.
    """
    running = [subprocess.Popen(argv) for argv in status_.log_commands(session.settings, follow=follow)]
    with contextlib.suppress(KeyboardInterrupt):
        try:
            codes = [process.wait() for process in running]
        finally:
            for process in running:
                process.terminate()
        click.get_current_context().exit(max(codes))


@command("debug", output_options=False)
@click.argument("pod", required=False)
def debug(session: Session, *, pod: str | None) -> None:
    """Open a shell beside the app, in an ephemeral container of its Pod.

    POD is any that carries a service, whoever made it; without one, the backend's. The container is made of the Pod's
    own image and stays within the restricted profile; there is one in each Pod, as it cannot be taken out again.
    """
    api = client.api(session.settings)
    target = services.named(services.find(api), pod)
    container = ephemeral.ensure(api, target.pod, target.container["image"])
    click.echo(
        f"{container} in {target.namespace}/{target.name}: localhost and {target.hostname} answer on {target.port}"
    )
    words = ["exec", "-it" if sys.stdin.isatty() else "-i", f"--namespace={target.namespace}", target.name]
    argv = client.kubectl_command(session.settings, *words, f"--container={container}", "--", "sh")
    click.get_current_context().exit(subprocess.run(argv, check=False).returncode)


@command("undeploy")
def undeploy(session: Session) -> None:
    """Take the lab's cats away, and leave the cluster and what you made as it is."""
    with session.locked() as run:
        run(plan.undeploy(session.settings))  # planned under the lock: another command may be deploying
    yours = [f"{pod.namespace}/{pod.name}" for pod in services.find(client.api(session.settings)) if not pod.by_lab]
    kept = f"; what you made stays: {', '.join(yours)}" if yours else ""
    session.finish(f"The lab's cats are gone; the cluster is up{kept}")


COMMANDS = (deploy, verify, open_page, status, logs, debug, undeploy)
