"""Put the node image together in Docker: Debian root, programs and own files in one layer, images on top."""

from __future__ import annotations

import fnmatch
import io
import re
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from lab import shell
from lab.cluster.node_image import archive, recipe
from lab.cluster.node_image.archive import Image, Layer, layer
from lab.docker import architecture, docker
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.steps import Report

Member = tuple[tarfile.TarInfo, bytes]

KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
LABEL = "chatroulette.lab/node-build"
"""Marks the containers and images of a build, so that what an interruption leaves is found and removed."""

NAME = "chatroulette-node"
_LONG = 600.0
_KUBERNETES_ON_NODE = ("kubeadm", "kubectl", "kubelet")
_ON_NODE = {
    "usr/local/bin": ("containerd", "containerd-shim-runc-v2", "crictl", "ctr"),
    "opt/cni/bin": ("host-local", "loopback", "portmap", "ptp"),
}
_DROPPED = (
    # What every node must make for itself, and what a container's systemd must not start.
    "./etc/machine-id", "./var/lib/dbus/machine-id", "./var/cache/*", "./var/log/*", "./var/lib/apt/*", "./dev/*",
    "./etc/systemd/system/*.wants/*", "./usr/lib/systemd/system/multi-user.target.wants/*",
    "./usr/lib/systemd/system/*.target.wants/getty*", "./usr/lib/systemd/system/local-fs.target.wants/*",
    "./usr/lib/systemd/system/sockets.target.wants/systemd-initctl.socket",
    "./usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
    "./usr/lib/systemd/system/sysinit.target.wants/systemd-binfmt.service",
    "./usr/lib/systemd/system/sysinit.target.wants/proc-sys-fs-binfmt_misc.automount",
    "./usr/lib/systemd/system/sysinit.target.wants/systemd-update-utmp.service",
)  # fmt: skip
_CHANGES = (
    'ENTRYPOINT ["/usr/local/bin/entrypoint","/usr/lib/systemd/systemd"]',
    "CMD []",
    "ENV container=docker",  # how systemd knows: https://systemd.io/CONTAINER_INTERFACE/
    f"LABEL {LABEL}=done",
)
_IMPORT = r"""
set -eu
containerd > /tmp/containerd.log 2>&1 & daemon=$!
tries=0
until ctr version > /dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 150 ] || { tail -5 /tmp/containerd.log >&2; exit 1; }
  sleep 0.2
done
ctr --namespace k8s.io images import --no-unpack /images.tar
for name in $(ctr --namespace k8s.io images ls -q); do
  ctr --namespace k8s.io images label "$name" io.cri-containerd.pinned=pinned > /dev/null
done
ctr oci spec | jq 'del(.process.rlimits)' > /etc/containerd/cri-full.json
kill $daemon; wait $daemon || true
rm -rf /images.tar /tmp/containerd.log /run/containerd
"""


def assemble(programs: Path, root: Path, references: Sequence[str], work: Path, report: Report) -> None:
    """Make the node image and give it these names as the last thing: an interruption leaves no half image behind them.

    ``programs`` is the folder of Go programs, ``root`` the Debian root's tar, ``work`` where temporary files may be.
    """
    remove_leftovers()
    with TemporaryDirectory(dir=work, prefix="building-") as folder:
        base, images = Path(folder, "base.tar"), Path(folder, "images.tar")
        report("packing the images inside", 0.05)
        write_images(images, programs, root)
        report("packing the node's files", 0.4)
        write_base(base, programs, root)
        report("giving them to Docker", 0.5)
        building = f"{NAME}:building-{uuid4().hex[:8]}"
        try:
            docker("import", *_changes(), base, building, timeout=_LONG)
            report("storing the images inside", 0.75)
            _commit(building, images, references)
        finally:
            remove_leftovers()


def remove_leftovers() -> None:
    """Remove the containers and the unfinished images of a build that was interrupted."""
    containers = docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}=building").split()
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    images = docker(
        "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={NAME}:building-*"
    ).split()
    if images:
        docker("rmi", *images, timeout=_LONG)


def write_base(path: Path, programs: Path, root: Path) -> None:
    """Write the node's root file system: the Debian root without what is dropped, then programs and own files."""
    own = [*_programs_on_node(programs), *_own_files()]
    dropped = re.compile("|".join(fnmatch.translate(name) for name in [*_DROPPED, *(member.name for member, _ in own)]))
    with tarfile.open(path, "w") as out:
        for member, content in [*_selected(root, lambda name: not dropped.match(name)), *own]:
            out.addfile(member, io.BytesIO(content))


def write_images(path: Path, programs: Path, root: Path) -> None:
    """Write the archive of every image that a new cluster starts, under the names that kubeadm asks for."""
    names = image_names(programs)
    folder = path.parent
    wanted = _files_of(root, recipe.KUBE_PROXY)

    def alone(program: str, source: str | None = None) -> Layer:
        return layer(folder / program, [archive.program(programs / (source or program), f"usr/local/bin/{program}")])

    links = [archive.link(f"usr/local/bin/{name}", "kubernetes") for name in KUBERNETES]
    kubernetes = [archive.program(programs / "kubernetes", "usr/local/bin/kubernetes"), *links]
    tools = _selected(root, lambda name: name in wanted)
    images = [
        _image(
            [names[one] for one in KUBERNETES], [layer(folder / "tools", tools), layer(folder / "kube", kubernetes)]
        ),
        _image([names["etcd"]], [alone("etcd", "server")], "etcd"),
        _image([names["coredns"]], [alone("coredns")], "coredns"),
        _image([names["metrics-server"]], [alone("metrics-server")], "metrics-server"),
        _image([names["pause"]], [alone("pause")], "pause", user="65535:65535"),
    ]
    archive.write(path, images, architecture())


def image_names(programs: Path) -> dict[str, str]:
    """Return the full names of the images in a node by their short ones, as kubeadm and the manifests ask for them."""
    version = recipe.version("k8s.io/kubernetes")
    with TemporaryDirectory() as folder:
        kubeadm = Path(folder, "kubeadm")
        kubeadm.symlink_to(programs / "kubernetes")
        listed = shell.run([kubeadm, "config", "images", "list", f"--kubernetes-version={version}"], timeout=60).stdout
    names = [*listed.split(), recipe.metrics_server_image()]
    by_short = {name.rsplit("/", 1)[1].rsplit(":", 1)[0]: name for name in names}
    sandbox = (recipe.MODULE / "rootfs/etc/containerd/config.toml").read_text()
    if f"'{by_short['pause']}'" not in sandbox:
        raise LabError(
            f"kubeadm asks for {by_short['pause']}", "name it as `sandbox` in the node's containerd/config.toml"
        )
    return by_short


def _image(names: Sequence[str], layers: Sequence[Layer], program: str = "", user: str = "") -> Image:
    config: dict[str, object] = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    if program:
        config["Entrypoint"] = [f"/usr/local/bin/{program}"]
    if user:
        config["User"] = user
    return Image(tuple(names), tuple(layers), config)


def _commit(building: str, images: Path, references: Sequence[str]) -> None:
    """Let the node's own containerd take the images in; nothing is unpacked, so it needs no privileges."""
    made = docker(
        *(
            "create",
            "--label",
            f"{LABEL}=building",
            "--network=none",
            "--stop-signal=SIGRTMIN+3",
        ),  # commit keeps the signal
        *("--entrypoint=/bin/sh", building, "-c", _IMPORT),
    )
    docker("cp", images, f"{made}:/images.tar", timeout=_LONG)
    shell.run(["docker", "start", "--attach", made], timeout=_LONG)
    image = docker("commit", *_changes(), made, timeout=_LONG)
    for reference in references:
        docker("tag", image, reference)


def _changes() -> list[str]:
    return [word for change in _CHANGES for word in ("--change", change)]


def _selected(root: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Return the members of a tar whose names are wanted, a hard link only along with what it names."""
    with tarfile.open(root) as source:
        for member in source:
            if not wanted(member.name) or (member.islnk() and not wanted(member.linkname)):
                continue
            content = source.extractfile(member) if member.isreg() else None
            yield member, content.read() if content else b""


def _programs_on_node(programs: Path) -> Iterator[Member]:
    for folder, names in _ON_NODE.items():
        for name in names:
            yield archive.program(programs / name, f"./{folder}/{name}")
    yield archive.program(programs / "kubernetes", "./usr/bin/kubernetes")
    for name in _KUBERNETES_ON_NODE:
        yield archive.link(f"./usr/bin/{name}", "kubernetes")


def _own_files() -> Iterator[Member]:
    """Return the files of ``rootfs`` and the ones that only a build can write."""
    rootfs = recipe.MODULE / "rootfs"
    for path in sorted(path for path in rootfs.rglob("*") if path.is_file()):
        yield _file(f"./{path.relative_to(rootfs)}", path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)
    yield _file("./kind/version", recipe.version("k8s.io/kubernetes").encode(), 0o644)
    for folder in ("./etc/kubernetes/manifests", "./var/log", "./var/cache", "./var/lib/containerd"):
        member = tarfile.TarInfo(folder)
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        yield member, b""


def _file(name: str, content: bytes, mode: int) -> Member:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    return member, content


def _files_of(root: Path, packages: Sequence[str]) -> set[str]:
    """Return the paths in a Debian root of some packages and of what they depend on, links of ``alternatives`` too."""
    with tarfile.open(root) as tar:
        status = _read(tar, "./var/lib/dpkg/status")
        lists = {
            Path(name).name.split(":")[0].removesuffix(".list"): name
            for name in tar.getnames()
            if name.endswith(".list")
        }
        closure = dependencies(status, packages)
        paths = {f".{line}" for package in closure for line in _read(tar, lists[package]).splitlines()}
        names = tar.getnames()
    merged = {f"./usr{path[1:]}" for path in paths if path.startswith(("./lib", "./bin", "./sbin"))}
    links = {"./bin", "./lib", "./lib64", "./sbin"}
    alternatives = {name for name in names if fnmatch.fnmatch(name, "./etc/alternatives/ip*tables*")}
    commands = {f"./usr/sbin/{Path(name).name}" for name in alternatives}
    kept = paths | merged | links | alternatives | commands
    return {name for name in names if name in kept and not name.startswith("./usr/share/")}


def dependencies(status: str, packages: Sequence[str]) -> set[str]:
    """Return packages and all that they depend on, of those that a dpkg status file lists as installed."""
    needs = {
        found[1]: re.findall(
            r"[a-z0-9][a-z0-9+.-]+(?=[ ,|(:]|$)", " ".join(re.findall(r"^(?:Pre-)?Depends: (.*)", stanza, re.MULTILINE))
        )
        for stanza in status.split("\n\n")
        if (found := re.search(r"^Package: (\S+)", stanza, re.MULTILINE))
    }
    known: set[str] = set()
    todo = list(packages)
    while todo:
        one = todo.pop()
        if one in needs and one not in known:
            known.add(one)
            todo += needs[one]
    return known


def _read(tar: tarfile.TarFile, name: str) -> str:
    file = tar.extractfile(name)
    if file is None:
        raise LabError(f"there is no {name} in the Debian root", "make clean, then make kind-up: it is built anew")
    return file.read().decode()
