"""What the node image is made of, and the hashes that name it and its parts by their content."""

import hashlib
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.config import MINORS, ROOT, Minor

REVISION = 2
"""Raise it where the code that puts the image together makes another image of the same inputs."""

NODE = ROOT / "k8s" / "kind" / "node"
IMAGE = ROOT / "k8s" / "kind" / "image"

SUITE = "bookworm"
"""The Debian release of the node: systemd 252 boots on cgroup v1 and v2; 256 and later refuse v1."""

DEBIAN = tuple((IMAGE / "packages").read_text().split())
"""What is installed on the node besides Debian's essential packages: what kind, kubeadm, kubelet, containerd call."""

KUBE_PROXY = ("conntrack", "iptables", "nftables")
"""What kube-proxy's image has of them, and what those depend on."""

IN_IMAGES = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
"""Kubernetes' programs that run in containers; all of them are links to the one program `kubernetes`."""

ON_NODE: Mapping[str, tuple[str, ...]] = {
    "usr/local/bin": ("containerd", "containerd-shim-runc-v2", "crictl", "ctr"),
    "opt/cni/bin": ("host-local", "loopback", "portmap", "ptp"),
}
KUBERNETES_ON_NODE = ("kubeadm", "kubectl", "kubelet")
FOLDERS_ON_NODE = ("./etc/kubernetes/manifests", "./var/log", "./var/cache", "./var/lib/containerd")

DROPPED = tuple((IMAGE / "dropped").read_text().split())
"""What every node must make for itself, and what a container's systemd must not start."""

LABEL = "chatroulette.lab/node-build"
"""Marks the containers and images of a build, so that what an interruption leaves is found and removed."""

CHANGES = (
    'ENTRYPOINT ["/usr/local/bin/entrypoint","/usr/lib/systemd/systemd"]',
    "CMD []",
    "ENV container=docker",  # how systemd knows: https://systemd.io/CONTAINER_INTERFACE/
    f"LABEL {LABEL}=done",
)
"""What the image's configuration says, as instructions of a Dockerfile."""

IMPORT = "\n" + (IMAGE / "import").read_text()
"""The script that stores the images inside the node; the line break before it is in the hash that names the image."""

METRICS_SERVER = ROOT / "k8s" / "kind" / "metrics-server.yaml"
TAGS = "no_aufs no_zfs no_btrfs no_devmapper no_rdt no_tracing nri_no_wasm"

PUBLISHED: Mapping[Minor, str | None] = {
    "1.37": None,
    "1.35": "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
}
"""kind's published node image of each minor, from the release notes of kind v0.33.0; None: the one that kind names."""

_GO = re.compile(r"go\.(mod|sum)|.*\.go")


@dataclass(frozen=True)
class Recipe:
    """The node of one minor of Kubernetes.

    ``folder`` has what is common to all minors, and the Go module of the default one. Another minor has a ``go.mod``
    and a ``go.sum`` of its own, for Kubernetes alone; everything else on its node is that of the default minor.
    """

    minor: Minor = MINORS[0]
    folder: Path = NODE

    @property
    def default(self) -> "Recipe":
        return Recipe(MINORS[0], self.folder)

    @property
    def go_mod(self) -> Path:
        folder = self.folder if self == self.default else self.folder.with_name(f"{self.folder.name}-{self.minor}")
        return folder / "go.mod"

    @property
    def kubernetes(self) -> str:
        """The version of Kubernetes, such as ``v1.35.4``."""
        return self.version("k8s.io/kubernetes")

    def version(self, module: str) -> str:
        """Return the version of a Go module in ``go.mod``, such as ``v1.37.2``; raises KeyError."""
        line = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", self.go_mod.read_text(), re.MULTILINE)
        if not line:
            raise KeyError(module)
        return line[1]

    @property
    def ldflags(self) -> str:
        """The linker's flags: what Kubernetes' own release sets, so that programs say their version; no debug data."""
        major, minor = self.kubernetes.removeprefix("v").split(".")[:2]
        containerd = "github.com/containerd/containerd/v2"
        values = {
            f"{containerd}/version.Version": self.default.version(containerd),
            "k8s.io/component-base/version.gitVersion": self.kubernetes,
            "k8s.io/component-base/version.gitMajor": major,
            "k8s.io/component-base/version.gitMinor": minor,
            "k8s.io/component-base/version.gitTreeState": "clean",
            "k8s.io/component-base/version.gitCommit": "unknown",
            "k8s.io/component-base/version.buildDate": "1970-01-01T00:00:00Z",
            "k8s.io/kubectl/pkg/version.gitVersion": self.kubernetes,
        }
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])

    @property
    def programs_hash(self) -> str:
        """What decides the Go programs: the module's Go files, the build's flags, the machine."""
        if self != self.default:
            return self._own_digest(self.default.programs_hash)
        files = [path for path in files_in(self.folder) if _GO.fullmatch(path.name)]
        return digest(files, [TAGS, self.ldflags, platform.machine()])

    @property
    def image_hash(self) -> str:
        """What decides the whole image, 12 hexadecimal digits."""
        if self != self.default:
            return self._own_digest(self.default.image_hash)[:12]
        layout = (*KUBE_PROXY, *IN_IMAGES, str(sorted(ON_NODE.items())), *KUBERNETES_ON_NODE, *FOLDERS_ON_NODE)
        words = [metrics_server_image(), root_hash(), self.programs_hash, *layout, *DROPPED, *CHANGES, IMPORT]
        return digest(files_in(self.folder), [*words, str(REVISION)])[:12]

    def _own_digest(self, default: str) -> str:
        return digest([self.go_mod, self.go_mod.with_suffix(".sum")], [default])


def metrics_server_image() -> str:
    return str(re.findall(r"image: (\S+)", METRICS_SERVER.read_text())[0])


def root_hash() -> str:
    """Return what decides the Debian root: suite, packages, machine."""
    return digest([], [SUITE, *DEBIAN, platform.machine()])


def digest(files: Iterable[Path], words: Iterable[str]) -> str:
    """Hash files (name, whether executable, content) and words; two lists never share a digest by their borders."""
    total = hashlib.sha256()
    for path in files:
        kind = "x" if path.stat().st_mode & 0o100 else "-"
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
        total.update(f"{name} {kind} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for word in words:
        total.update(f"{len(word)} {word}\n".encode())
    return total.hexdigest()[:16]


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
