"""Where the scripts of a lesson act."""

from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from lab.config import load
from lab.lessons import observer
from lab.lessons.workspace import Workspace

PEM = "cGVtCg=="


def entry(kind, name, **content):
    return {"name": name, kind: content}


def test_a_script_acts_in_the_lesson_whatever_context_is_current(tmp_path, lesson):
    server = {"server": "https://127.0.0.1:6443", "certificate-authority-data": PEM}
    login = {"client-certificate-data": PEM, "client-key-data": PEM}
    names = ("kind-cats", "production")
    kubeconfig = {
        "contexts": [entry("context", name, cluster=name, user=name, namespace="other") for name in names],
        "clusters": [entry("cluster", name, **server) for name in names],
        "users": [entry("user", name, **login) for name in names],
        "current-context": "production",
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig))
    with Workspace(load({"KUBECONFIG": str(path)}), None, lesson, tmp_path / "gone").with_own_kubeconfig() as workspace:
        assert workspace.folder.is_dir()
        own = yaml.safe_load(Path(workspace.environment()["KUBECONFIG"]).read_text())
    (context,) = own["contexts"]
    assert own["current-context"] == context["name"] == "kind-cats"
    assert context["context"]["namespace"] == "lesson-sample"


ENDING = {"metadata": {"deletionTimestamp": "T"}}


@pytest.mark.parametrize(
    ("namespaces", "is_made"),
    [
        pytest.param(repeat({"metadata": {}}), False, id="goes on"),
        pytest.param(repeat(None), True, id="new"),
        pytest.param(chain([ENDING] * 3, repeat(None)), True, id="being deleted"),
    ],
)
def test_a_start_makes_the_namespace_unless_it_stays(namespaces, is_made, lesson, settings, monkeypatch):
    made = []
    monkeypatch.setattr(observer, "create_namespace", lambda _api, name, _labels: made.append(name))
    api = SimpleNamespace(get=lambda _path: next(namespaces))
    Workspace(settings, api, lesson, lesson.folder).start()
    assert made == ["lesson-sample"] * is_made
