"""What is certain from the files alone: a Service that leads nowhere, a container that never starts, a paste."""

import re
from pathlib import Path
from typing import Any

import pytest

from lab.config import ROOT
from lab.deploy import certain, manifests
from lab.errors import BadInput


@pytest.fixture
def objects() -> list[Any]:
    return manifests.render("pods", {})


def service(objects: list[Any]) -> Any:
    return next(
        item for item in objects if item["metadata"]["name"] == "k8-chatroulette-back" and item["kind"] == "Service"
    )


def test_what_is_shipped_leads_somewhere(objects: list[Any]) -> None:
    assert certain.check(objects) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("selector", {"app": "back"}, r"back-service\.yaml, line \d+: .* selects app=back, which no Pod"),
        ("ports", [{"port": 3000, "targetPort": "web"}], r"back-service\.yaml, .*'web', which no container has .*http"),
    ],
)
def test_a_service_that_leads_nowhere_is_named(objects: list[Any], field: str, value: Any, message: str) -> None:
    service(objects)["spec"][field] = value
    (note,) = certain.check(objects)
    assert re.search(message, note), note


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return what makes objects of the backend's shipped file, with one place of it changed."""

    def change(before: str, after: str) -> list[Any]:
        folder = tmp_path / "k8s" / "pods"
        folder.mkdir(parents=True)
        text = (ROOT / "k8s" / "pods" / "back.yaml").read_text()
        assert before in text
        (folder / "back.yaml").write_text(text.replace(before, after, 1))
        monkeypatch.setattr(manifests, "ROOT", tmp_path)
        return manifests.render("pods", {})

    return change


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("memory: 128Mi", "memory: 128m", r"line \d+: 128m of memory is less than any container"),
        ("path: /readyz, port: http", "path: /readyz, port: web", "the readiness probe asks for port 'web'"),
    ],
)
def test_a_container_that_could_never_be_ready_is_refused(changed: Any, before: str, after: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        certain.check(changed(before, after))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("cpu: 100m", "cpu: 100Mi", "100Mi of cpu is in cores; 100m"),
        ("metadata:\n", 'metadata:\n  resourceVersion: "123"\n  uid: x\n', "metadata.resourceVersion, metadata.uid"),
        ("spec:\n", "status: {phase: Running}\nspec:\n", "writes status; left out"),
    ],
)
def test_what_the_server_takes_and_means_something_else_is_noted(
    changed: Any, before: str, after: str, message: str
) -> None:
    objects = changed(before, after)
    assert [message in note for note in certain.check(objects)] == [True]
    assert "resourceVersion" not in objects[0]["metadata"]
    assert "status" not in objects[0]
