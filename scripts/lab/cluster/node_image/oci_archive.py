"""Write container images as an OCI image layout (https://github.com/opencontainers/image-spec), without a daemon."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Member = tuple[tarfile.TarInfo, bytes]

_OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class Layer:
    """One compressed layer: where it is, its digest, and the digest of what it unpacks to."""

    path: Path
    digest: str
    diff_id: str

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class Image:
    """An image under one or several names; ``config`` is the part of its configuration on how it runs."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]
    config: dict[str, Any]


def file(name: str, content: bytes, mode: int = 0o644) -> Member:
    """Return a file as a tar member, owned by root, with no date."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def program(path: Path, name: str) -> Member:
    return file(name, path.read_bytes(), 0o755)


def link(name: str, target: str) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info, b""


def add(tar: tarfile.TarFile, members: Iterable[Member]) -> None:
    for info, content in members:
        tar.addfile(info, io.BytesIO(content))


def write_layer(path: Path, members: Iterable[Member]) -> Layer:
    """Write a layer, compressed quickly; the same members give the same bytes."""
    plain = hashlib.sha256()
    with path.open("wb") as written, gzip.GzipFile("", "wb", 1, written, mtime=0) as packed:
        tee = _Tee(packed, plain)
        with tarfile.open(fileobj=tee, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            add(tar, members)
    with path.open("rb") as compressed:
        return Layer(path, hashlib.file_digest(compressed, "sha256").hexdigest(), plain.hexdigest())


def write(path: Path, images: Sequence[Image], architecture: str) -> None:
    """Write an archive of images; a layer that several share is stored once. ``architecture`` as Go names it."""
    with tarfile.open(path, "w") as tar:
        written: set[str] = set()
        index = [entry for image in images for entry in _add_image(tar, image, architecture, written)]
        layout, manifests = {"imageLayoutVersion": "1.0.0"}, {"schemaVersion": 2, "manifests": index}
        add(tar, [file("oci-layout", _json(layout)), file("index.json", _json(manifests))])


class _Tee:
    def __init__(self, file: gzip.GzipFile, hashed: Any) -> None:
        self._file, self._hash = file, hashed

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        return self._file.write(data)


def _add_image(tar: tarfile.TarFile, image: Image, architecture: str, written: set[str]) -> list[dict[str, Any]]:
    diff_ids = [f"sha256:{layer.diff_id}" for layer in image.layers]
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = {"architecture": architecture, "os": "linux", "config": image.config, "rootfs": rootfs}
    for layer in image.layers:
        if layer.digest not in written:
            tar.add(layer.path, f"blobs/sha256/{layer.digest}")
            written.add(layer.digest)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": _blob(tar, written, f"{_OCI}.config.v1+json", _json(config)),
        "layers": [_descriptor(f"{_OCI}.layer.v1.tar+gzip", each.digest, each.size) for each in image.layers],
    }
    entry = _blob(tar, written, f"{_OCI}.manifest.v1+json", _json(manifest))
    return [{**entry, "annotations": {"io.containerd.image.name": name}} for name in image.names]


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _blob(tar: tarfile.TarFile, written: set[str], media_type: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    if digest not in written:
        add(tar, [file(f"blobs/sha256/{digest}", content)])
        written.add(digest)
    return _descriptor(media_type, digest, len(content))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
