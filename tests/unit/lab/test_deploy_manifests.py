"""What is read from k8s/, and what the lab adds to it; the rest needs kubectl, and is in tests/e2e."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lab.config import ROOT
from lab.deploy import manifests
from lab.deploy.manifests import Ref
from lab.errors import BadInput
from lab.kubernetes.objects import is_condition_true

if TYPE_CHECKING:
    from pathlib import Path


def test_a_container_s_name_differs_from_its_pod_s() -> None:
    for item in manifests.render("pods", {}):
        if item["kind"] == "Pod":
            assert item["spec"]["containers"][0]["name"] != item["metadata"]["name"]


def test_another_image_makes_another_digest_and_the_same_one_the_same() -> None:
    def digests(reference: str) -> list[str]:
        rendered = manifests.render("pods", {"k8-chatroulette-back": reference})
        return [item["metadata"]["annotations"][manifests.RENDERED] for item in rendered]

    assert digests("x:1") == digests("x:1")
    assert sum(one != other for one, other in zip(digests("x:1"), digests("x:2"), strict=True)) == 1


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(BadInput, match="SHAPE is 'helm'") as error:
        manifests.render("helm", {})  # type: ignore[arg-type]
    assert error.value.hint == "use one of pods, app, scale"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: 1\nb: ]", "k8s/pods/x.yaml, line 2 is no YAML", id="broken"),
        pytest.param("kind: Volcano\nmetadata: {name: x}", "cannot place", id="unknown kind"),
        pytest.param("- a", "cannot place", id="a list"),
        pytest.param("---\n---\n", "cannot place", id="an empty document"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setattr(manifests, "_sources", lambda _: [("k8s/pods/x.yaml", text)])
    with pytest.raises(BadInput, match=said):
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


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        pytest.param({"conditions": [{"type": "Ready", "status": "True"}]}, True, id="true"),
        pytest.param({"conditions": [{"type": "Ready", "status": "Unknown"}]}, False, id="node lost"),
        pytest.param({"conditions": [{"type": "Initialized", "status": "True"}]}, False, id="another"),
        pytest.param({"conditions": None}, False, id="none"),
        pytest.param({}, False, id="just made"),
    ],
)
def test_a_condition_holds_where_it_is_true(status: dict[str, Any], *, ready: bool) -> None:
    assert is_condition_true({"status": status}, "Ready") is ready
    assert is_condition_true({}, "Ready") is False


@pytest.mark.parametrize("kind", sorted(manifests.KINDS))
def test_every_kind_has_its_place_in_the_api(kind: str) -> None:
    path = Ref(kind, "n", "x").path
    assert path.endswith("/x")
    assert ("/namespaces/n/" in path) == (kind not in {"Namespace", "PersistentVolume"})


@pytest.mark.parametrize("path", sorted((ROOT / "k8s" / "lessons").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_corrected_twin_says_what_was_corrected(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["kind"] == "Pod"
    assert "#" in path.read_text()
