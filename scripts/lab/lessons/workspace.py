"""Where a lesson is done: its namespace on the cluster, and the learner's work folder."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lab import waiting
from lab.config import Settings
from lab.experiments.texts import Language
from lab.kubernetes import client, namespaces
from lab.kubernetes.access import connect
from lab.kubernetes.client import Api
from lab.lessons import observer
from lab.lessons.definition import Lesson

LABEL = "chatroulette.lab/lesson"
_END = 90.0


@dataclass(frozen=True)
class Workspace:
    """One learner's place for one lesson; ``folder`` gets the lesson's files."""

    settings: Settings
    api: Api
    lesson: Lesson
    folder: Path

    @property
    def is_started(self) -> bool:
        """Tell whether there is a namespace of the lesson, and not one that is being deleted."""
        namespace = self.api.get(self._path)
        return namespace is not None and "deletionTimestamp" not in namespace["metadata"]

    @property
    def _exists(self) -> bool:
        return self.api.get(self._path) is not None

    def start(self) -> None:
        """Make the namespace with the lesson's start state; what exists already stays as it is.

        A namespace that is being deleted, as by hand, is waited for and made anew.
        """
        if self.is_started:
            return
        self._wait_for_end()
        observer.create_namespace(self.api, self.lesson.namespace, {LABEL: self.lesson.id})
        if self.lesson.start:
            self._kubectl("apply", "-f", str(self.lesson.start))
        self._copy_files()

    def reset(self) -> None:
        """Delete the namespace and start anew; a file that the learner changed stays beside, as ``name~``."""
        self.end()
        self.start()

    def end(self) -> None:
        """Delete the namespace, and wait until it is gone."""
        if not self._exists:
            return
        namespaces.delete(self.api, self.lesson.namespace)
        self._wait_for_end()

    def _wait_for_end(self) -> None:
        waiting.until(
            f"the end of namespace {self.lesson.namespace}",
            lambda: (not self._exists, "it still ends its Pods"),
            timeout=_END,
        )

    def choose_namespace(self) -> None:
        """Make the lab's context the current one, and in it the lesson's namespace: what a learner types acts there."""
        context = self.settings.context
        client.kubectl(self.settings, "config", "set-context", context, f"--namespace={self.lesson.namespace}")
        client.kubectl(self.settings, "config", "use-context", context)

    @contextmanager
    def with_own_kubeconfig(self) -> Iterator["Workspace"]:
        """Yield this workspace with a kubeconfig of nothing but the cluster and the lesson's namespace.

        A script that runs in it acts there, whatever the learner's current context is. Where the work folder is not, as
        the learner has gone elsewhere since the start, it runs in another.
        """
        config = connect(self.settings).kubeconfig
        config["contexts"][0]["context"]["namespace"] = self.lesson.namespace
        with TemporaryDirectory(prefix="lesson-kubeconfig-") as name:
            path = Path(name) / "kubeconfig"
            path.write_text(json.dumps(config))
            folder = self.folder if self.folder.is_dir() else Path(name)
            yield replace(self, settings=replace(self.settings, kubeconfigs=(path,)), folder=folder)

    def environment(self) -> Mapping[str, str]:
        """Return what a script of the lesson needs: the lab's kubectl first on PATH, and where it is."""
        path = f"{self.settings.programs}{os.pathsep}{os.environ.get('PATH', '')}"
        names = {"LESSON": str(self.lesson.folder), "NAMESPACE": self.lesson.namespace}
        return {"PATH": path, "KUBECONFIG": os.pathsep.join(map(str, self.settings.kubeconfigs)), **names}

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.lesson.namespace}"

    def _kubectl(self, *args: str) -> None:
        client.kubectl(self.settings, "--namespace", self.lesson.namespace, *args, timeout=60)

    def _copy_files(self) -> None:
        """Copy the lesson's files; one that differs is kept as ``name~``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(self.lesson.files.iterdir()) if self.lesson.files else ():
            target = self.folder / source.name
            if target.exists() and target.read_bytes() != source.read_bytes():
                target.replace(target.with_name(f"{target.name}~"))
            shutil.copyfile(source, target)


def work_folder(lesson: Lesson) -> Path:
    """Return the learner's folder for a lesson: ``lessons/<number>-<id>`` where they are."""
    return Path.cwd() / "lessons" / lesson.folder.name


def solution(lesson: Lesson, language: Language) -> str:
    """Return the solution as text: the script and its files, or the commands of the lesson's own steps."""
    if lesson.solution is None:
        return "\n".join(command for block in lesson.documents[language].blocks for command in block.commands)
    files = sorted((lesson.folder / "solution").glob("*"))
    parts = [f"# {path.name}\n{path.read_text(encoding='utf-8').rstrip()}" for path in files]
    return "\n\n".join([lesson.solution.read_text(encoding="utf-8").rstrip(), *parts])
