"""The registry's API, the mirrors' files, and which names lead to which image."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from lab import config, docker, shell
from lab.errors import LabError
from lab.images import plan, recipes, registry
from lab.images.registry_client import Name, Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG, LAYER = "sha256:c0", "sha256:1a"


def _sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class FakeRegistry(ThreadingHTTPServer):
    """A registry with manifests and blobs in memory; refuses, as a real one does, a manifest whose blobs it lacks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.blobs: set[tuple[str, str]] = set()

    def put(self, repository: str, tag: str, content: dict[str, Any]) -> str:
        data = json.dumps(content).encode()
        self.manifests[repository, tag] = self.manifests[repository, _sha(data)] = data
        return _sha(data)


class Handler(BaseHTTPRequestHandler):
    server: FakeRegistry

    def do_GET(self) -> None:
        self._manifest(body=True)

    def do_HEAD(self) -> None:
        self._manifest(body=False)

    def do_POST(self) -> None:
        path = re.fullmatch(r"/v2/(.+)/blobs/uploads/\?mount=(.+)&from=(.+)", self.path)
        assert path
        target, digest, source = path.groups()
        assert (source, digest) in self.server.blobs
        self.server.blobs.add((target, digest))
        self._answer(201)

    def do_PUT(self) -> None:
        repository, tag = self._name()
        data = self.rfile.read(int(self.headers["Content-Length"]))
        content = json.loads(data)
        parts = [*content.get("layers", []), content.get("config")]
        needs = [part["digest"] for part in parts if part]
        blobs = all((repository, digest) in self.server.blobs for digest in needs)
        children = all((repository, child["digest"]) in self.server.manifests for child in content.get("manifests", []))
        if blobs and children:
            self.server.put(repository, tag, content)
        self._answer(201 if blobs and children else 400)

    def _name(self) -> tuple[str, str]:
        path = re.fullmatch(r"/v2/(.+)/manifests/(.+)", self.path)
        assert path
        return path[1], path[2]

    def _manifest(self, *, body: bool) -> None:
        if self.path == "/v2/":
            return self._answer(200)
        data = self.server.manifests.get(self._name())
        return self._answer(200, data, body=body) if data else self._answer(404)

    def _answer(self, code: int, data: bytes = b"", *, body: bool = True) -> None:
        self.send_response(code)
        self.send_header("Docker-Content-Digest", _sha(data))
        self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    server = FakeRegistry()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def client(fake: FakeRegistry) -> Iterator[Registry]:
    registry = Registry(f"127.0.0.1:{fake.server_port}")
    yield registry
    registry.session.close()


def _image(fake: FakeRegistry, repository: str, tag: str) -> str:
    fake.blobs |= {(repository, CONFIG), (repository, LAYER)}
    return fake.put(repository, tag, {"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}]})


def test_an_image_that_does_not_exist_has_no_digest(client: Registry) -> None:
    assert client.answers()
    assert client.digest(Name("library/cat", "latest")) is None
    with pytest.raises(LabError, match=r"the registry has no library/cat:0123"):
        client.alias(Name("library/cat", "0123"), Name("cat", "latest"))


@pytest.mark.parametrize(
    "other",
    [pytest.param(Name("library/cat", "latest"), id="tag"), pytest.param(Name("cat", "latest"), id="repository")],
)
def test_another_name_leads_to_the_same_content(fake: FakeRegistry, client: Registry, other: Name) -> None:
    digest = _image(fake, "library/cat", "0123")
    assert client.alias(Name("library/cat", "0123"), other)
    assert client.digest(other) == digest
    assert not client.alias(Name("library/cat", "0123"), other), "had it already"


def test_an_index_is_copied_with_all_that_it_names(fake: FakeRegistry, client: Registry) -> None:
    """Newer Docker pushes an index: one manifest for the platform, one for how it was built."""
    child = _image(fake, "library/cat", "child")
    index = fake.put("library/cat", "0123", {"manifests": [{"digest": child}]})
    client.alias(Name("library/cat", "0123"), Name("cat", "latest"))
    assert client.digest(Name("cat", "latest")) == index
    assert client.digest(Name("cat", child)) == child


def test_latest_moves_to_the_newer_image(fake: FakeRegistry, client: Registry) -> None:
    fake.put("library/cat", "latest", {"layers": []})
    newer = _image(fake, "library/cat", "0123")
    client.alias(Name("library/cat", "0123"), Name("library/cat", "latest"))
    assert client.digest(Name("library/cat", "latest")) == newer


def test_a_registry_that_does_not_answer_is_an_error(fake: FakeRegistry, client: Registry) -> None:
    fake.shutdown()
    fake.server_close()
    assert not client.answers()
    with pytest.raises(LabError, match=r"the registry at 127\.0\.0\.1:\d+ does not answer"):
        client.digest(Name("library/cat", "latest"))


def test_an_image_that_is_there_is_not_pushed(
    fake: FakeRegistry, client: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.docker, "docker", lambda *_, **__: pytest.fail("pushed"))
    _image(fake, "library/cat", "0123")
    names = [Name("library/cat", "0123"), Name("library/cat", "latest"), Name("cat", "latest")]
    assert registry.push(client, "cat:0123", names, lambda *_: None)
    assert len({client.digest(name) for name in names}) == 1
    assert not registry.push(client, "cat:0123", names, lambda *_: None)


def test_the_mirrors_ask_our_registry_first(tmp_path: Path) -> None:
    settings = config.load({"LAB_CACHE": str(tmp_path), "LAB_CLUSTER": "dogs"})
    folder = registry.write_mirrors(settings)
    assert {path.name for path in folder.iterdir()} == {"docker.io", "k8s.gcr.io", registry.ECR}
    for name in folder.iterdir():
        hosts = tomllib.loads((name / "hosts.toml").read_text())
        assert hosts["host"] == {"http://dogs-registry:5000": {"capabilities": ["pull", "resolve"]}}
        assert hosts["server"].startswith("https://")


def test_mirrors_that_are_right_are_not_written_again(tmp_path: Path) -> None:
    """Nodes read these files at each pull."""
    settings = config.load({"LAB_CACHE": str(tmp_path)})
    file = registry.write_mirrors(settings) / "docker.io" / "hosts.toml"
    file.chmod(0o400)
    written = file.stat().st_mtime_ns
    registry.write_mirrors(settings)
    assert file.stat().st_mtime_ns == written
    file.chmod(0o600)
    file.write_text("wrong")
    registry.write_mirrors(settings)
    assert "cats-registry:5000" in file.read_text()


@pytest.mark.parametrize(
    ("network", "containers", "removed"),
    [
        pytest.param({"Labels": {"io.chatroulette.lab": "network"}}, "", True, id="ours, and empty"),
        pytest.param({"Labels": {"io.chatroulette.lab": "network"}}, "0123", False, id="ours, with a container on it"),
        pytest.param({"Labels": {}}, "", False, id="kind's own"),
        pytest.param({"Labels": None}, "", False, id="without labels"),
        pytest.param(None, "", False, id="none"),
    ],
)
def test_only_the_labs_own_empty_network_is_removed(
    monkeypatch: pytest.MonkeyPatch, network: dict[str, Any] | None, containers: str, *, removed: bool
) -> None:
    ran: list[list[str]] = []

    def run(argv: list[str], **_: object) -> shell.Completed:
        ran.append(argv)
        return shell.Completed(tuple(argv), 0, "", "")

    monkeypatch.setattr(docker, "inspect", lambda *_: network)
    monkeypatch.setattr(docker, "docker", lambda *_: containers)
    monkeypatch.setattr(shell, "run", run)
    assert registry.remove_network() is removed
    assert ran == ([["docker", "network", "rm", "kind"]] if removed else [])


def test_the_network_that_is_made_is_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(docker, "inspect", lambda *_: None)
    monkeypatch.setattr(docker, "docker", lambda *words: ran.append(words))
    registry.create_network()
    assert len(ran) == 1
    assert "--label io.chatroulette.lab=network" in " ".join(ran[0])


def test_the_databases_variables_hold_at_every_start() -> None:
    """A password too: `CREATE USER IF NOT EXISTS` alone leaves an existing user as it is."""
    script = (recipes.FOLDER / "mysql" / "entrypoint").read_text()
    functions = script[script.index("quoted()") : script.index("create()")]
    env = {"MYSQL_ROOT_PASSWORD": "r", "MYSQL_USER": "cat", "MYSQL_PASSWORD": "it's", "MYSQL_DATABASE": "cats"}
    statements = shell.run(["sh", "-euc", f"{functions}\naccounts"], timeout=20, env=env).stdout.splitlines()
    assert "SET PASSWORD FOR root@'%' = PASSWORD('r');" in statements
    assert statements[-3:] == [
        "CREATE USER IF NOT EXISTS 'cat'@'%';",
        "SET PASSWORD FOR 'cat'@'%' = PASSWORD('it''s');",
        "GRANT ALL ON `cats`.* TO 'cat'@'%';",
    ]


def test_a_service_answers_to_the_names_of_docker_hub_and_of_the_course() -> None:
    assert plan.names("k8-chatroulette-back:0123") == [
        Name("library/k8-chatroulette-back", "0123"),
        Name("library/k8-chatroulette-back", "latest"),
        Name("k8-chatroulette-back", "latest"),
    ]


def test_the_courses_images(tmp_path: Path) -> None:
    program = tmp_path / "goproxy"
    images = plan.substitutes(program)
    assert [image.repository for image in images] == ["library/busybox", "library/mysql"]
    program.write_bytes(b"a program")
    image = plan.substitutes(program)[-1]
    assert image.names[1] == Name("goproxy", "0.1")
    tag = image.recipe.tag
    program.write_bytes(b"a newer program")
    assert plan.substitutes(program)[-1].recipe.tag != tag
