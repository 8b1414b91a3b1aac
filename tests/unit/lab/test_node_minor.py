"""A node of another Kubernetes minor: Kubernetes from a module of its own, the rest the usual node's."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

import pytest

from lab import config, steps
from lab.cluster import toolchain
from lab.cluster.node_image import build, programs, recipe
from lab.cluster.node_image import minor as node_minor
from lab.config import MINORS

USUAL, *OTHERS = MINORS
OWN = {"go.mod", "go.sum", "rootfs/etc/containerd/config.toml"}
"""What a minor's folder has of its own: the module, and the version of the pause image that its kubeadm asks for."""
GO = """#!/bin/sh
[ "$1" = version ] && echo go version go1.99.0 && exit
[ "$1" = list ] && exit
while [ "$1" != -o ]; do shift; done
mkdir -p "$2" && basename "$PWD" > "$2/kubernetes"
"""


@pytest.fixture
def settings(tmp_path):
    return config.load({"LAB_CACHE": str(tmp_path / "cache")})


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("minor", MINORS)
def test_each_minor_is_built_from_its_own_kubernetes(minor):
    staging = set(re.findall(r"=> k8s\.io/\S+ v0\.(\S+)", (node_minor.module(minor) / "go.mod").read_text()))
    assert node_minor.kubernetes(minor).startswith(f"v{minor}.")
    assert staging == {node_minor.kubernetes(minor).removeprefix("v1.")}


@pytest.mark.parametrize("minor", OTHERS)
def test_another_minor_has_kubernetes_and_every_file_of_the_usual_node_as_a_link(minor):
    folder, usual = node_minor.module(minor), recipe.MODULE
    node = {f"rootfs/{name}" for name in files(usual / "rootfs")}
    assert files(folder) == node | OWN | {"kubernetes/main.go"}
    for name in files(folder) - OWN:
        assert (folder / name).is_symlink(), name
        assert (folder / name).resolve() == (usual / name).resolve()


@pytest.mark.parametrize("minor", OTHERS)
def test_what_the_node_has_of_its_own_is_one_line(minor):
    own, usual = (one / "rootfs/etc/containerd/config.toml" for one in (node_minor.module(minor), recipe.MODULE))
    lines = difflib.ndiff(usual.read_text().splitlines(), own.read_text().splitlines())
    assert [re.sub(r"\d", "", line) for line in lines if line[0] in "+-"] == [
        "-     sandbox = 'registry.ks.io/pause:..'",
        "+     sandbox = 'registry.ks.io/pause:..'",
    ]


@pytest.mark.parametrize("minor", OTHERS)
def test_one_toolchain_builds_them_all(minor):
    go_mod = (node_minor.module(minor) / "go.mod").read_text()
    assert toolchain.new_enough(toolchain.wanted(), re.search(r"^go (\S+)", go_mod, re.MULTILINE)[1])


def test_a_second_minor_changes_nothing_about_the_first(monkeypatch, tmp_path):
    """Not even its module: what was built of the usual one stays the right one."""
    folder = tmp_path / "node-1.35"
    folder.mkdir()
    for name in ("go.mod", "go.sum"):
        (folder / name).write_text("one")
    before = {minor: (node_minor.programs_hash(minor), node_minor.image_hash(minor)) for minor in MINORS}
    monkeypatch.setattr(node_minor, "module", lambda minor: recipe.MODULE if minor == USUAL else folder)
    assert (node_minor.programs_hash(USUAL), node_minor.image_hash(USUAL)) == before[USUAL]
    assert (recipe.programs_hash(), recipe.image_hash()) == before[USUAL]
    changed = node_minor.programs_hash("1.35"), node_minor.image_hash("1.35")
    assert not set(changed) & set(before["1.35"])
    (folder / "more").write_text("")
    assert node_minor.programs_hash("1.35") == changed[0]
    assert node_minor.image_hash("1.35") != changed[1]


def test_what_another_minor_borrows_decides_it_too(monkeypatch):
    before = node_minor.programs_hash("1.35"), node_minor.image_hash("1.35")
    monkeypatch.setattr(recipe, "TAGS", "others")
    assert not {node_minor.programs_hash("1.35"), node_minor.image_hash("1.35")} & set(before)


def test_the_usual_recipe_is_back_after_the_block_whatever_happened():
    folder = recipe.MODULE
    with pytest.raises(KeyError, match="nobody/nothing"), node_minor.chosen("1.35"):
        recipe.version("nobody/nothing")
    assert folder == recipe.MODULE


def test_another_minors_kubernetes_goes_with_the_usual_ones_programs(settings, monkeypatch, tmp_path):
    go = tmp_path / "go"
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(build, "missing_space", lambda *_: None)
    usual = build._programs(settings)
    usual.mkdir(parents=True)
    for name in ("kind", "kubernetes"):
        (usual / name).write_text("of the usual one\n")
    (usual / "kubectl").symlink_to("kubernetes")
    other = replace(settings, kubernetes="1.35")
    steps.run(build.steps(other)[:3], lambda _event: None)
    programs = build._programs(other)
    assert {path.name: path.read_text() for path in programs.iterdir()} == {
        "kubernetes": "node-1.35\n",
        "kubectl": "node-1.35\n",
        "kind": "of the usual one\n",
    }
    assert build.tools(other)["kubectl"].resolve() == programs / "kubernetes"


@pytest.mark.parametrize(
    ("minor", "builds"),
    [
        pytest.param(USUAL, [(USUAL, programs.EVERYTHING)], id="usual"),
        pytest.param("1.35", [(USUAL, programs.EVERYTHING), ("1.35", programs.KUBERNETES)], id="1.35"),
    ],
)
def test_the_steps_build_the_minor_that_is_set(settings, monkeypatch, minor, builds):
    """The image is put together by a recipe that knows what version it is of."""
    built, assembled = [], []
    monkeypatch.setattr(toolchain, "ensure", lambda *_: None)
    monkeypatch.setattr(build, "missing_space", lambda *_: None)
    monkeypatch.setattr(
        build.node_programs, "build", lambda given, packages, *_: built.append((given.kubernetes, packages))
    )
    monkeypatch.setattr(build.node_root, "build", lambda *_: None)
    monkeypatch.setattr(
        build.node_assemble,
        "assemble",
        lambda programs, *_: assembled.append((programs.name, recipe.version("k8s.io/kubernetes"))),
    )
    for step in build.steps(replace(settings, kubernetes=minor)):
        step.action(lambda *_: None)
    assert built == builds
    assert assembled == [(f"programs-{node_minor.programs_hash(minor)}", node_minor.kubernetes(minor))]


@pytest.mark.parametrize("minor", OTHERS)
def test_the_published_image_is_that_minors_and_pinned(minor):
    assert re.fullmatch(rf"kindest/node:v{re.escape(minor)}\.\d+@sha256:[0-9a-f]{{64}}", node_minor.PUBLISHED[minor])
    assert set(node_minor.PUBLISHED) == set(MINORS)
    assert node_minor.PUBLISHED[USUAL] is None
