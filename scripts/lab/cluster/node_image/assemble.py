"""Put the node image together in Docker: Debian root, programs and own files in one layer, images on top."""

import fnmatch
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from lab import cache, shell
from lab.cluster.node_image import oci_archive, recipe
from lab.cluster.node_image.oci_archive import Image, Layer, Member, write_layer
from lab.cluster.node_image.recipe import Recipe
from lab.docker import architecture, docker
from lab.errors import LabError
from lab.registry_access import NODE_IMAGE
from lab.steps import Report

_TIMEOUT = 600.0
_BUILDING = f"{NODE_IMAGE}:building"
_CONTAINERD = "etc/containerd/config.toml"


def assemble(  # noqa: PLR0913 - each is a part of the image
    node: Recipe, programs: Path, root: Path, name: str, report: Report, *, label: str
) -> None:
    """Make the node image and name it as the last thing: an interruption leaves no incomplete image of that name.

    ``programs`` is the folder of Go programs, ``root`` the Debian root's tar; temporary files are put into its folder.
    """
    remove_leftovers(label)
    names = image_names(node, programs)
    with cache.workspace(root.parent) as folder:
        base, images = folder / "base.tar", folder / "images.tar"
        report("packing the images inside", 0.05)
        write_images(images, names, programs, root)
        report("packing the node's files", 0.4)
        write_base(base, node, names["pause"], programs, root)
        report("giving them to Docker", 0.5)
        building = f"{_building(label)}-{uuid4().hex[:8]}"
        try:
            docker("import", *_changes(), base, building, timeout=_TIMEOUT)
            report("storing the images inside", 0.75)
            _commit(building, images, name, label)
        finally:
            remove_leftovers(label)


def remove_leftovers(label: str) -> None:
    """Remove the containers and the unfinished images of a build of ours, by our label, that was interrupted."""
    filters = ("--filter", f"label={recipe.LABEL}=building", "--filter", f"label={label}")
    containers = docker("ps", "--all", "--quiet", *filters).split()
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    remove_images(f"{_building(label)}-*")


def _building(label: str) -> str:
    return f"{_BUILDING}-{label.partition('=')[2]}"


def remove_images(pattern: str) -> None:
    """Remove the images whose references match, such as ``name:tag-*``, from Docker."""
    images = docker("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={pattern}").split()
    if images:
        docker("rmi", "--force", *images, timeout=_TIMEOUT)


def write_base(path: Path, node: Recipe, pause: str, programs: Path, root: Path) -> None:
    """Write the node's root file system: the Debian root without what is dropped, then programs and own files.

    ``pause`` is the image that holds a Pod's namespaces.
    """
    own = [*_programs_on_node(programs), *_own_files(node, pause)]
    names = [*recipe.DROPPED, *(member.name for member, _ in own)]
    dropped = re.compile("|".join(fnmatch.translate(name) for name in names))
    with tarfile.open(path, "w") as out:
        oci_archive.add(out, [*_selected(root, lambda name: not dropped.match(name)), *own])


def write_images(path: Path, names: Mapping[str, str], programs: Path, root: Path) -> None:
    """Write the archive of every image that a new cluster starts, under these names."""
    folder = path.parent
    wanted = _files_of(root, recipe.KUBE_PROXY)

    def program_layer(program: str, source: str = "") -> Layer:
        member = oci_archive.program(programs / (source or program), f"usr/local/bin/{program}")
        return write_layer(folder / program, [member])

    links = [oci_archive.link(f"usr/local/bin/{name}", "kubernetes") for name in recipe.IN_IMAGES]
    kubernetes = [oci_archive.program(programs / "kubernetes", "usr/local/bin/kubernetes"), *links]
    tools = write_layer(folder / "tools", _selected(root, lambda name: name in wanted))
    images = [
        _image([names[program] for program in recipe.IN_IMAGES], [tools, write_layer(folder / "kube", kubernetes)]),
        _image([names["etcd"]], [program_layer("etcd", "server")], "etcd"),
        _image([names["coredns"]], [program_layer("coredns")], "coredns"),
        _image([names["metrics-server"]], [program_layer("metrics-server")], "metrics-server"),
        _image([names["pause"]], [program_layer("pause")], "pause", user="65535:65535"),
    ]
    oci_archive.write(path, images, architecture())


def image_names(node: Recipe, programs: Path) -> dict[str, str]:
    """Return the full names of the images in a node by their short ones, as kubeadm and the manifests ask for them."""
    with TemporaryDirectory() as folder:
        kubeadm = Path(folder, "kubeadm")
        kubeadm.symlink_to(programs / "kubernetes")
        listing: list[str | Path] = [kubeadm, "config", "images", "list", f"--kubernetes-version={node.kubernetes}"]
        listed = shell.run(listing, timeout=60).stdout
    names = [*listed.split(), recipe.metrics_server_image()]
    return {name.rsplit("/", 1)[1].rsplit(":", 1)[0]: name for name in names}


def _image(names: Sequence[str], layers: Sequence[Layer], program: str = "", user: str = "") -> Image:
    config: dict[str, object] = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    if program:
        config["Entrypoint"] = [f"/usr/local/bin/{program}"]
    if user:
        config["User"] = user
    return Image(tuple(names), tuple(layers), config)


def _commit(building: str, images: Path, name: str, label: str) -> None:
    """Let the node's own containerd take the images in; nothing is unpacked, so it needs no privileges."""
    container = docker(
        *("create", "--label", f"{recipe.LABEL}=building", "--label", label, "--network=none"),
        "--stop-signal=SIGRTMIN+3",  # commit keeps the signal
        *("--entrypoint=/bin/sh", building, "-c", recipe.IMPORT),
    )
    docker("cp", images, f"{container}:/images.tar", timeout=_TIMEOUT)
    shell.run(["docker", "start", "--attach", container], timeout=_TIMEOUT)
    image = docker("commit", *_changes(), "--change", f"LABEL {label}", container, timeout=_TIMEOUT)
    docker("tag", image, name)


def _changes() -> list[str]:
    return [word for change in recipe.CHANGES for word in ("--change", change)]


def _selected(root: Path, is_wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Yield the members of a tar whose names are wanted, a hard link only along with what it names."""
    with tarfile.open(root) as source:
        for member in source:
            if not is_wanted(member.name) or (member.islnk() and not is_wanted(member.linkname)):
                continue
            content = source.extractfile(member) if member.isreg() else None
            yield member, content.read() if content else b""


def _programs_on_node(programs: Path) -> Iterator[Member]:
    for folder, names in recipe.ON_NODE.items():
        for name in names:
            yield oci_archive.program(programs / name, f"./{folder}/{name}")
    yield oci_archive.program(programs / "kubernetes", "./usr/bin/kubernetes")
    for name in recipe.KUBERNETES_ON_NODE:
        yield oci_archive.link(f"./usr/bin/{name}", "kubernetes")


def _own_files(node: Recipe, pause: str) -> Iterator[Member]:
    """Yield the files of ``rootfs``, containerd's with the name of the pause image, and those that only a build has."""
    rootfs = node.folder / "rootfs"
    for path in recipe.files_in(rootfs):
        name, content = path.relative_to(rootfs), path.read_bytes()
        if str(name) == _CONTAINERD:
            content = re.sub(rb"sandbox = '[^']*'", f"sandbox = '{pause}'".encode(), content)
        yield oci_archive.file(f"./{name}", content, 0o755 if path.stat().st_mode & 0o100 else 0o644)
    yield oci_archive.file("./kind/version", node.kubernetes.encode())
    for folder in recipe.FOLDERS_ON_NODE:
        member = tarfile.TarInfo(folder)
        member.type, member.mode = tarfile.DIRTYPE, 0o755
        yield member, b""


def _files_of(root: Path, packages: Sequence[str]) -> set[str]:
    """Return the paths in a Debian root of some packages and of what they depend on, links of ``alternatives`` too."""
    with tarfile.open(root) as tar:
        names = tar.getnames()
        lists = {Path(name).name.split(":")[0].removesuffix(".list"): name for name in names if name.endswith(".list")}
        closure = dependencies(_read(tar, "./var/lib/dpkg/status"), packages)
        paths = {f".{line}" for package in closure for line in _read(tar, lists[package]).splitlines()}
    merged = {f"./usr{path[1:]}" for path in paths if path.startswith(("./lib", "./bin", "./sbin"))}
    links = {"./bin", "./lib", "./lib64", "./sbin"}
    alternatives = {name for name in names if fnmatch.fnmatch(name, "./etc/alternatives/ip*tables*")}
    commands = {f"./usr/sbin/{Path(name).name}" for name in alternatives}
    kept = paths | merged | links | alternatives | commands
    return {name for name in names if name in kept and not name.startswith("./usr/share/")}


def dependencies(status: str, packages: Sequence[str]) -> set[str]:
    """Return packages and all that they depend on, of those that a dpkg status file lists as installed."""
    needs: dict[str, list[str]] = {}
    for stanza in status.split("\n\n"):
        if package := re.search(r"^Package: (\S+)", stanza, re.MULTILINE):
            fields = " ".join(re.findall(r"^(?:Pre-)?Depends: (.*)", stanza, re.MULTILINE))
            needs[package[1]] = re.findall(r"[a-z0-9][a-z0-9+.-]+(?=[ ,|(:]|$)", fields)
    closure: set[str] = set()
    todo = list(packages)
    while todo:
        name = todo.pop()
        if name in needs and name not in closure:
            closure.add(name)
            todo += needs[name]
    return closure


def _read(tar: tarfile.TarFile, name: str) -> str:
    file = tar.extractfile(name)
    if file is None:
        raise LabError(f"there is no {name} in the Debian root", "make clean, then make kind-up: it is built anew")
    return file.read().decode()
