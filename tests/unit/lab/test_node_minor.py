"""A node of another Kubernetes minor: the same files, with a Go module of its own, and an image of its own."""

from __future__ import annotations

import difflib
import re

import pytest

from lab import config
from lab.cluster import node_image, node_minor, node_recipe, toolchain
from lab.config import MINORS

USUAL, *OTHERS = MINORS
OWN = {"go.mod", "go.sum", "rootfs/etc/containerd/config.toml"}
"""What a minor's folder has of its own: the module, and the version of the pause image that its kubeadm asks for."""


def other_folder(minor):
    with node_minor.chosen(minor):
        return node_recipe.MODULE


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("minor", MINORS)
def test_each_minor_is_built_from_its_own_kubernetes(minor):
    with node_minor.chosen(minor):
        version = node_recipe.version("k8s.io/kubernetes")
        staging = set(re.findall(r"=> k8s\.io/\S+ v0\.(\S+)", (node_recipe.MODULE / "go.mod").read_text()))
    assert version.startswith(f"v{minor}.")
    assert staging == {version.removeprefix("v1.")}


@pytest.mark.parametrize("minor", OTHERS)
def test_another_minor_has_every_file_of_the_usual_one_as_a_link(minor):
    folder = other_folder(minor)
    assert files(folder) == files(node_recipe.MODULE)
    for name in files(folder) - OWN:
        assert (folder / name).is_symlink(), name
        assert (folder / name).resolve() == (node_recipe.MODULE / name).resolve()


@pytest.mark.parametrize("minor", OTHERS)
def test_what_it_has_of_its_own_beside_the_module_is_one_line(minor):
    own, usual = ((one / "rootfs/etc/containerd/config.toml") for one in (other_folder(minor), node_recipe.MODULE))
    differs = [
        line for line in difflib.ndiff(usual.read_text().splitlines(), own.read_text().splitlines()) if line[0] in "+-"
    ]
    assert [re.sub(r"\d", "", line) for line in differs] == [
        "-     sandbox = 'registry.ks.io/pause:..'",
        "+     sandbox = 'registry.ks.io/pause:..'",
    ]


@pytest.mark.parametrize("minor", OTHERS)
def test_what_is_not_kubernetes_is_the_same_in_both(minor):
    """One toolchain, one kind and one metrics-server serve both."""
    alike = ("sigs.k8s.io/kind", "sigs.k8s.io/metrics-server", "github.com/containerd/containerd/v2")
    usual = toolchain.wanted(), [node_recipe.version(name) for name in alike]
    with node_minor.chosen(minor):
        assert (toolchain.wanted(), [node_recipe.version(name) for name in alike]) == usual


def test_the_usual_recipe_is_back_after_the_block_whatever_happened():
    folder, image = node_recipe.MODULE, node_recipe.image_hash()
    with pytest.raises(KeyError, match="nobody/nothing"), node_minor.chosen("1.35"):
        node_recipe.version("nobody/nothing")
    assert (node_recipe.MODULE, node_recipe.image_hash()) == (folder, image)


def test_each_minor_has_an_image_and_programs_of_its_own(tmp_path):
    assert len({node_image.reference(minor) for minor in MINORS}) == len(MINORS)
    assert node_image.reference() == node_image.reference(USUAL)
    env = {"LAB_CACHE": str(tmp_path)}
    both = [config.load({**env, "LAB_KUBERNETES": minor}) for minor in MINORS]
    assert len({node_image._programs(settings) for settings in both}) == len(MINORS)
    assert len({node_image._root(settings) for settings in both}) == 1
    assert node_image._programs(config.load(env)) == node_image._programs(both[0])


@pytest.mark.parametrize("minor", MINORS)
def test_the_steps_build_the_minor_that_is_set(tmp_path, monkeypatch, minor):
    """Programs and image alike: both are told by the recipe what version they are."""
    settings = config.load({"LAB_CACHE": str(tmp_path), "LAB_KUBERNETES": minor})
    seen = []

    def work(*_):
        seen.append(node_recipe.version("k8s.io/kubernetes").rpartition(".")[0])

    monkeypatch.setattr(node_image, "missing_space", lambda *_: None)
    monkeypatch.setattr(node_image.node_programs, "build", work)
    monkeypatch.setattr(node_image.node_assemble, "assemble", work)
    for number in (1, 3):
        node_image.steps(settings)[number].action(lambda *_: None)
    assert seen == [f"v{minor}"] * 2


@pytest.mark.parametrize("minor", OTHERS)
def test_the_published_image_is_that_minors_and_pinned(minor):
    assert re.fullmatch(rf"kindest/node:v{re.escape(minor)}\.\d+@sha256:[0-9a-f]{{64}}", node_minor.PUBLISHED[minor])
    assert set(node_minor.PUBLISHED) == set(MINORS)
    assert node_minor.PUBLISHED[USUAL] is None
