"""What is read from k8s/, and what the lab adds to it; the rest needs kubectl, and is in tests/e2e."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.config import ROOT
from lab.deploy import manifests
from lab.deploy.manifests import Ref
from lab.errors import BadInput


def rendered(reference: str = "x:1", *, faults: bool = False) -> list[Any]:
    return manifests.render("pods", {"k8-chatroulette-back": reference}, faults=faults)


def test_another_image_makes_another_digest_and_the_same_one_the_same() -> None:
    first, again, other = (
        {item["metadata"]["name"]: item["metadata"]["annotations"][manifests.RENDERED] for item in rendered(reference)
         if item["kind"] == "Pod"}
        for reference in ("x:1", "x:1", "x:2")
    )  # fmt: skip
    assert first == again
    assert [name for name in first if first[name] != other[name]] == ["k8-chatroulette-back"]


@pytest.mark.parametrize(("faults", "value"), [(True, "on"), (False, "off")])
def test_every_service_is_told_whether_faults_may_be_switched_on(*, faults: bool, value: str) -> None:
    containers = [each for item in rendered(faults=faults) for each in manifests.containers(item)]
    assert [[v["value"] for v in each["env"] if v["name"] == "FAULTS"] for each in containers] == [[value], [value]]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("a: 1\nb: ]", "k8s/pods/x.yaml, line 2 is no YAML", id="broken"),
        pytest.param(
            "apiVersion: v1\nkind: Volcano\nmetadata: {name: x}",
            "line 2: there is no kind 'Volcano'",
            id="unknown kind",
        ),
        pytest.param("- a", "is no object", id="a list"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, error: str
) -> None:
    file = tmp_path / "k8s" / "pods" / "x.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    with pytest.raises(BadInput, match=error):
        manifests.render("pods", {})


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        pytest.param("busybox", "busybox", id="bare"),
        pytest.param("busybox:1.36", "busybox", id="tag"),
        pytest.param("registry:5000/a/b", "registry:5000/a/b", id="port of a registry"),
        pytest.param("registry:5000/a/b:1", "registry:5000/a/b", id="port and tag"),
        pytest.param("a/b@sha256:00", "a/b", id="digest"),
        pytest.param("a/b:1@sha256:00", "a/b", id="tag and digest"),
    ],
)
def test_an_image_s_name_is_its_reference_without_tag_and_digest(reference: str, name: str) -> None:
    assert manifests.image_name(reference) == name


def test_what_an_earlier_version_had_is_deleted_backwards() -> None:
    pod, service, old, new = (
        Ref("Pod", "n", "p"), Ref("Service", "n", "s"), Ref("ConfigMap", "n", "c-1"), Ref("ConfigMap", "n", "c-2"),
    )  # fmt: skip
    assert manifests.left_over([old, new, service, pod], [new]) == [pod, service, old]
    assert manifests.left_over([new], [new, pod]) == []


@pytest.mark.parametrize("path", sorted((ROOT / "k8s" / "lessons").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_corrected_twin_says_what_was_corrected(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["kind"] == "Pod"
    assert "#" in path.read_text()
