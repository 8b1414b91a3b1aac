"""What the node image is made of, and the hashes that say whether a part of it is still the right one."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lab.config import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

SUITE = "bookworm"
"""The Debian release of the node: systemd 252 boots on cgroup v1 and v2; 256 and later refuse v1."""

DEBIAN = (
    "bash", "ca-certificates", "conntrack", "curl", "ethtool", "iproute2", "iptables", "jq", "kmod", "libseccomp2",
    "mount", "nftables", "pigz", "procps", "runc", "socat", "systemd", "util-linux",
)  # fmt: skip
"""What is installed on the node besides Debian's essential packages: what kind, kubeadm, kubelet, containerd call."""

KUBE_PROXY = ("conntrack", "iptables", "nftables")
"""What kube-proxy's image holds of them, and what those depend on."""

MODULE = ROOT / "k8s" / "kind" / "node"
METRICS_SERVER = ROOT / "k8s" / "kind" / "metrics-server.yaml"
TAGS = "no_aufs no_zfs no_btrfs no_devmapper"

_CODE = tuple(Path(__file__).with_name(f"{part}.py") for part in ("recipe", "archive", "assemble"))
_GO = re.compile(r"go\.(mod|sum)|.*\.go")


def version(module: str, go_mod: str | None = None) -> str:
    """Return the version of a Go module that the node is built from, such as ``v1.37.2``."""
    text = (MODULE / "go.mod").read_text() if go_mod is None else go_mod
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise KeyError(module)
    return found[1]


def metrics_server_image() -> str:
    """Name the image that the metrics-server manifest asks for."""
    return str(re.findall(r"image: (\S+)", METRICS_SERVER.read_text())[0])


def ldflags(kubernetes: str) -> str:
    """Give the linker what Kubernetes' own release sets, so that programs say their version; drop debug information.

    ``kubernetes`` is a version such as ``v1.37.2``.
    """
    major, minor = kubernetes.removeprefix("v").split(".")[:2]
    values = {
        "github.com/containerd/containerd/v2/version.Version": version("github.com/containerd/containerd/v2"),
        "k8s.io/component-base/version.gitVersion": kubernetes,
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
        "k8s.io/component-base/version.gitTreeState": "clean",
        "k8s.io/component-base/version.gitCommit": "unknown",
        "k8s.io/component-base/version.buildDate": "1970-01-01T00:00:00Z",
        "k8s.io/kubectl/pkg/version.gitVersion": kubernetes,
    }
    return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])


def programs_hash() -> str:
    """Name what decides the Go programs: the module's Go files, the build's flags, the machine."""
    files = [path for path in _files(MODULE) if _GO.fullmatch(path.name)]
    return digest(files, [TAGS, ldflags(version("k8s.io/kubernetes")), platform.machine()])


def root_hash() -> str:
    """Name what decides the Debian root: suite, packages, machine."""
    return digest([], [SUITE, *DEBIAN, platform.machine()])


def image_hash() -> str:
    """Name what decides the whole image, 12 hexadecimal digits."""
    return digest([*_files(MODULE), *_CODE], [metrics_server_image(), root_hash(), programs_hash()])[:12]


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


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
