"""A registry's HTTP API: find an image by name, and add names to it without moving a layer.

https://distribution.github.io/distribution/spec/api/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lab.errors import LabError

if TYPE_CHECKING:
    import requests

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_SECONDS = 15


def _session() -> requests.Session:
    import requests  # noqa: PLC0415 - not on the way to `lab --help`

    session = requests.Session()
    session.trust_env = False  # a proxy never leads to this computer's own ports
    return session


@dataclass(frozen=True)
class Name:
    repository: str
    tag: str


@dataclass(frozen=True)
class Registry:
    """A registry at ``http://<address>``. Everything raises LabError where it does not answer, or refuses."""

    address: str
    session: requests.Session = field(default_factory=_session, repr=False, compare=False)

    def answers(self) -> bool:
        try:
            return self._request("GET", "").ok
        except LabError:
            return False

    def digest(self, name: Name) -> str | None:
        """Return the digest of the image of that name; None where there is none."""
        answer = self._request("HEAD", f"{name.repository}/manifests/{name.tag}", Accept=_MANIFESTS)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else answer.headers["Docker-Content-Digest"]

    def alias(self, name: Name, other: Name) -> bool:
        """Give the image ``name`` the other name too; False where it had it already."""
        digest = self.digest(name)
        if digest is None:
            raise LabError(f"the registry has no {name.repository}:{name.tag}", "run the same command again")
        if self.digest(other) == digest:
            return False
        self._copy(name.repository, digest, other.repository, other.tag)
        return True

    def _copy(self, source: str, digest: str, target: str, tag: str) -> None:
        """Copy a manifest and, before it, all that it names; layers are linked, not moved."""
        manifest = self._request("GET", f"{source}/manifests/{digest}", Accept=_MANIFESTS)
        content: dict[str, Any] = manifest.json()
        if source != target:
            for child in content.get("manifests", []):
                self._copy(source, child["digest"], target, child["digest"])
            for blob in [*content.get("layers", []), *([content["config"]] if "config" in content else [])]:
                self._request("POST", f"{target}/blobs/uploads/?mount={blob['digest']}&from={source}")
        kind = {"Content-Type": manifest.headers["Content-Type"]}
        self._request("PUT", f"{target}/manifests/{tag}", manifest.content, **kind)

    def _request(self, method: str, path: str, data: bytes | None = None, **headers: str) -> requests.Response:
        try:
            answer = self.session.request(
                method, f"http://{self.address}/v2/{path}", data=data, headers=headers, timeout=_SECONDS
            )
        except OSError as error:  # every error of requests is one
            hint = "run the same command again: it starts the registry where it is stopped"
            raise LabError(f"the registry at {self.address} does not answer: {error}", hint) from None
        if not answer.ok and not (method == "HEAD" and answer.status_code == HTTPStatus.NOT_FOUND):
            raise LabError(f"the registry said {answer.status_code} to {method} {path}: {answer.text[:200]}")
        return answer
