"""A lesson in a folder of the test's own, a learner at it, and a cluster that shows what the test wants."""

import contextlib

import pytest

from lab.lessons import check, definition
from lab.lessons.learner import Learner

HEADINGS = {"en": ("Goal", "Steps", "Explanation", "Question"), "fr": ("But", "Étapes", "Explication", "Question")}
YAML = """
title: {en: Sample, fr: Exemple}
minutes: 5
topics: [sample]
conditions:
  - id: runs
    sentence: {en: A Pod runs., fr: Un Pod tourne.}
    holds: "length(pods[?ready]) > `0`"
  - id: named
    sentence: {en: It is a cat., fr: C’est un chat.}
    holds: "contains(pods[].name, 'cat')"
hints:
  - condition: runs
    when: "length(pods) == `0`"
    steps: [{en: Look around., fr: Regardez.}, {en: Compare., fr: Comparez.}]
  - condition: runs
    steps: [{en: Wait., fr: Attendez.}]
"""


def document(language, steps="```bash\necho a cat\n```", explanation="So.", title=None):
    title = title or {"en": "Sample", "fr": "Exemple"}[language]
    texts = ("Do it.", steps, explanation, "Why?")
    parts = [f"## {name}\n\n{text}\n" for name, text in zip(HEADINGS[language], texts, strict=True)]
    return "\n".join([f"# {title}\n\nWhy one wants it.\n", *parts])


@pytest.fixture
def folder(tmp_path):
    """A whole lesson, ``05-sample``."""
    folder = tmp_path / "lessons" / "05-sample"
    (folder / "wrong").mkdir(parents=True)
    (folder / "lesson.yaml").write_text(YAML)
    for language in HEADINGS:
        (folder / f"text.{language}.md").write_text(document(language))
    for name in ("one", "two"):
        (folder / "wrong" / f"{name}.sh").write_text("# wrong\ntrue\n")
    return folder


@pytest.fixture
def lesson(folder):
    return definition.read(folder)


class FakeCluster:
    """Has a state; a lesson is started or not; what was asked of it is in ``asked``."""

    def __init__(self):
        self.state = {"pods": []}
        self.is_started = True
        self.asked = []

    def pod(self, name, *, ready=True):
        pod = {"name": name, "ready": ready, "summary": f"{name} Running", "phase": "Running", "ip": "10.1.2.3"}
        empty = {"containers": [], "init": [], "ephemeral": [], "spec": {"containers": []}, "qos": "", "owner": ""}
        self.state["pods"].append(pod | empty)


@pytest.fixture
def cluster():
    return FakeCluster()


class FakeApi:
    def __init__(self, cluster):
        self.cluster = cluster

    def get(self, _path):
        return {} if self.cluster.is_started else None


class FakeWorkspace:
    def __init__(self, cluster, folder):
        self._cluster, self.folder = cluster, folder

    @property
    def is_started(self):
        return self._cluster.is_started

    def environment(self):
        return {}

    @contextlib.contextmanager
    def with_own_kubeconfig(self):
        yield self

    def __getattr__(self, name):
        return lambda: self._cluster.asked.append(name)


@pytest.fixture
def make_learner(cluster, settings, tmp_path, monkeypatch):
    """Make a learner of a lesson; cluster, work folder and progress file are the test's."""
    monkeypatch.setattr(check.state, "read", lambda *_: cluster.state)
    monkeypatch.setenv("LAB_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(Learner, "workspace", property(lambda _: FakeWorkspace(cluster, tmp_path)))

    def make(lesson, language="en"):
        return Learner(settings, FakeApi(cluster), lesson, language, tmp_path / "progress.json")

    return make


@pytest.fixture
def learner(make_learner, lesson):
    return make_learner(lesson)
