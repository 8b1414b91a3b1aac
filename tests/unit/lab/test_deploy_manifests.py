"""What is read from k8s/, and what the lab adds to it; the rest needs kubectl, and is in tests/e2e."""

import re
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


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The one file of the shape pods."""
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    made = tmp_path / "k8s" / "pods" / "x.yaml"
    made.parent.mkdir(parents=True)
    return made


HEAD = "apiVersion: v1\nkind: ConfigMap\n"
MAP = HEAD + "metadata: {name: x}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: ]", "line 2 is no YAML"),
        ("a:\n\tb: 1", "line 2 is no YAML.*YAML takes no tabs"),
        ("a:\n  image:x\n  b: 1", "line 3 is no YAML.*line 2 wants a blank"),
        ("a:\n  -name: x\n  b", "line 2 wants a blank"),
        ("a: b: c", "line 1 is no YAML.*Quote text that has a colon"),
        ("a: @b", "line 1 is no YAML.*quote text that begins with"),
        ("a: *b", "line 1 is no YAML.*quote text that begins with \\*"),
        ('a: "b\nc: "d"\ne: "f"\n', "is no YAML.*quote in line 1 closed"),
        ("a: 'b\nc: d\n", "line 1 is no YAML.*quote is not closed"),
        ("a: \x07", "line 1 is no YAML.*is it a text file"),
        ("a: {{ .Values.b }}", "line 1: a key that is itself a list or mapping"),
        ("a: &b [*b]", "line 1: .*itself part of"),
        ("a: !!int b", "line 1: 'b' is no int"),
        ("- a", "line 1: .*is no object"),
        ("a word", "line 1: 'a word' is no object"),
        ("apiversion: v1\nkind: Pod\nmetadata: {name: x}", "line 1: apiversion is unknown did you mean apiVersion"),
        (HEAD + "metdata: {name: x}", "line 3: metdata is unknown did you mean metadata"),
        (HEAD + "metadata:\n", "line 3: metadata is missing, or empty"),
        (HEAD + "metadata: x", "line 3: metadata has no fields"),
        (HEAD + "metadata: {labels: {}}", "line 3: metadata.name is missing"),
        (HEAD + "metadata:\n  name: on", 'line 4: metadata.name wants text, and on is none in YAML quote it: "on"'),
        (HEAD + "metadata:\n  name: 012", 'line 4: .*quote it: "012"'),
        (HEAD + "metadata: {generateName: x-}", "line 3: generateName makes another object"),
        ("apiVersion: 1\nkind: Pod\nmetadata: {name: x}", 'line 1: .*quote it: "1"'),
        ("apiVersion: v1\nkind: pod\nmetadata: {name: x}", "line 2: .*did you mean Pod, of v1"),
        ("apiVersion: v1\nkind: Pods\nmetadata: {name: x}", "line 2: .*did you mean Pod, of v1"),
        ("apiVersion: v1\nkind: Deployment\nmetadata: {name: x}", "line 2: .*its apiVersion is apps/v1"),
        ("apiVersion: v1\nkind: Volcano\nmetadata: {name: x}", "line 2: there is no kind 'Volcano'"),
        (MAP + "data: {a: b}\nkind: ConfigMap", "lines 2 and 5: kind stands twice"),
        (MAP + "data:\n  a: b\n  c: d\n  a: e", "lines 5 and 7: data.a stands twice"),
        (f"{MAP}---\n{MAP}", "configmap/x stands twice: .*, line 3 and .*, line 7"),
        ("kind: List\napiVersion: v1\nitems:\n- {}\n", "line 4: apiVersion is missing"),
    ],
)
def test_what_is_certainly_wrong_is_named_with_its_line(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(BadInput) as error:
        manifests.render("pods", {})
    assert error.value.what.startswith("k8s/pods/x.yaml, line") or "stands twice" in error.value.what
    assert re.search(message, f"{error.value.what} {error.value.hint}"), error.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("no", False),
        ("y", True),
        ("012", 10),
        ("0o14", 12),
        ("08", 8),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("22:22", "22:22"),
        ("=", "="),
        ("~", None),
        ("", None),
        (".inf", ".inf"),
    ],
)
def test_a_value_is_read_as_kubernetes_reads_it(file: Path, written: str, value: object) -> None:
    file.write_text(f"{MAP}data: {{a: {written}}}\n")
    assert manifests.render("pods", {})[0]["data"] == {"a": value}


@pytest.mark.parametrize(
    ("data", "names"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b"---\n# nothing\n---\n", [], id="empty documents"),
        pytest.param(f"---\n{MAP}...\n---\n".encode(), ["x"], id="one of them empty"),
        pytest.param(MAP.replace("\n", "\r\n").encode("utf-8-sig"), ["x"], id="CRLF and a BOM"),
        pytest.param(MAP.encode("utf-16"), ["x"], id="UTF-16, as PowerShell writes"),
        pytest.param(f"{MAP}# \xe9t\xe9\n".encode("latin-1"), ["x"], id="a Latin-1 comment"),
        pytest.param(b'{"apiVersion": "v1",\n\t"kind": "ConfigMap", "metadata": {"name": "x"}}', ["x"], id="JSON"),
        pytest.param(b"apiVersion: v1\nkind: List\nitems: []", [], id="an empty List"),
        pytest.param(b"apiVersion: v1\nkind: List\nitems:", [], id="a List of nothing"),
        pytest.param(
            HEAD.encode() + b"metadata: &m {name: x, annotations: {on: a, b: c}}", ["x"], id="a key that is true"
        ),
        pytest.param(
            HEAD.encode() + b"metadata: {<<: {name: x}, labels: , annotations: }", ["x"], id="merged, and empty"
        ),
        pytest.param(
            b"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: {a: b}}", ["x"], id="wrong types"
        ),
        pytest.param(
            b"apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: []}\nspec: []", ["x"], id="other wrong types"
        ),
    ],
)
def test_a_file_that_kubectl_takes_is_taken_and_the_rest_is_left_to_the_server(
    file: Path, data: bytes, names: list[str]
) -> None:
    file.write_bytes(data)
    assert [item["metadata"]["name"] for item in manifests.render("pods", {})] == names


def test_files_are_those_that_kubectl_takes_of_a_folder(file: Path) -> None:
    for suffix in ("yml", "yaml", "json", "txt", "yaml.bak"):
        file.with_name(f"x.{suffix}").write_text(MAP.replace("x", suffix))
    names = {item["metadata"]["name"] for item in manifests.render("pods", {})}
    assert names == {"yml", "yaml", "json"}


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
