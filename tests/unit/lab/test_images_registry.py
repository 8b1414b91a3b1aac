"""The registry's API, the mirrors' files, and which names lead to which image."""

import hashlib
import io
import json
import re
import tomllib

import pytest
import requests

from lab import config, ownership, shell
from lab.errors import LabError, Refused
from lab.images import plan, recipes, registry
from lab.images.registry_client import Name, Registry

OWNER = ownership.LABEL
CONFIG, LAYER = "sha256:c0", "sha256:1a"
CAT, TAGGED, LATEST = Name("library/cat", "0123"), Name("library/cat", "latest"), Name("cat", "latest")


class FakeRegistry(requests.adapters.BaseAdapter):
    """A registry in memory, in place of HTTP; refuses, as a real one does, a manifest whose parts it lacks."""

    def __init__(self):
        super().__init__()
        self.is_up = True
        self.manifests, self.blobs = {}, set()

    def put(self, repository, tag, content):
        data = json.dumps(content).encode()
        digest = _sha(data)
        self.manifests[repository, tag] = self.manifests[repository, digest] = data
        return digest

    def put_image(self, repository, tag):
        self.blobs |= {(repository, CONFIG), (repository, LAYER)}
        return self.put(repository, tag, {"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}]})

    def send(self, request, **_):
        if not self.is_up:
            raise requests.ConnectionError
        path = request.path_url.removeprefix("/v2/")
        if request.method == "POST":
            return _response(201 if self._mount(path) else 404)
        repository, _, tag = path.partition("/manifests/")
        if request.method == "PUT":
            return _response(201 if self._accept(repository, tag, json.loads(request.body)) else 400)
        data = self.manifests.get((repository, tag)) if path else b""
        return _response(404 if data is None else 200, data or b"")

    def close(self):
        """Hold nothing open."""

    def _mount(self, path):
        target, digest, source = re.fullmatch(r"(.+)/blobs/uploads/\?mount=(.+)&from=(.+)", path).groups()
        is_there = (source, digest) in self.blobs
        self.blobs |= {(target, digest)} if is_there else set()
        return is_there

    def _accept(self, repository, tag, content):
        parts = [part for part in [*content.get("layers", []), content.get("config")] if part]
        children = content.get("manifests", [])
        missing = {(repository, part["digest"]) for part in parts} - self.blobs
        missing |= {(repository, child["digest"]) for child in children} - self.manifests.keys()
        return not missing and self.put(repository, tag, content)


def _response(code, data=b""):
    response = requests.Response()
    response.status_code, response.raw = code, io.BytesIO(data)
    response.headers["Docker-Content-Digest"] = _sha(data)
    response.headers["Content-Type"] = "application/vnd.oci.image.manifest.v1+json"
    return response


def _sha(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def fake():
    return FakeRegistry()


@pytest.fixture
def client(fake):
    registry = Registry("127.0.0.1:1")
    registry.session.mount("http://", fake)
    return registry


def test_an_image_that_does_not_exist_has_no_digest(client):
    assert client.answers()
    assert client.digest(LATEST) is None
    with pytest.raises(LabError, match=r"the registry has no library/cat:0123"):
        client.alias(CAT, LATEST)


@pytest.mark.parametrize("other", [pytest.param(TAGGED, id="tag"), pytest.param(LATEST, id="repository")])
def test_another_name_leads_to_the_same_content(fake, client, other):
    digest = fake.put_image("library/cat", "0123")
    assert client.alias(CAT, other)
    assert client.digest(other) == digest
    assert not client.alias(CAT, other), "had it already"


def test_an_index_is_copied_with_all_that_it_names(fake, client):
    """Newer Docker pushes an index: one manifest for the platform, one for how it was built."""
    child = fake.put_image("library/cat", "child")
    index = fake.put("library/cat", "0123", {"manifests": [{"digest": child}]})
    client.alias(CAT, LATEST)
    assert client.digest(LATEST) == index
    assert client.digest(Name("cat", child)) == child


def test_latest_moves_to_the_newer_image(fake, client):
    fake.put("library/cat", "latest", {"layers": []})
    newer = fake.put_image("library/cat", "0123")
    client.alias(CAT, TAGGED)
    assert client.digest(TAGGED) == newer


def test_a_registry_that_does_not_answer_is_an_error(fake, client):
    fake.is_up = False
    assert not client.answers()
    with pytest.raises(LabError, match=r"the registry at 127\.0\.0\.1:1 does not answer"):
        client.digest(LATEST)


def test_an_image_that_is_there_is_not_pushed(fake, client, docker):
    calls = docker()
    fake.put_image("library/cat", "0123")
    names = [CAT, TAGGED, LATEST]
    assert registry.push(client, "cat:0123", names, lambda *_: None)
    assert len({client.digest(name) for name in names}) == 1
    assert not registry.push(client, "cat:0123", names, lambda *_: None)
    assert calls() == []


def test_the_mirrors_ask_our_registry_first_and_are_written_once(tmp_path):
    """Nodes read these files at each pull."""
    settings = config.load({"LAB_CACHE": str(tmp_path), "LAB_CLUSTER": "dogs"})
    files = {path.parent.name: path for path in registry.write_mirrors(settings).glob("*/hosts.toml")}
    assert set(files) == {"docker.io", "k8s.gcr.io", registry.ECR}
    for file in files.values():
        hosts = tomllib.loads(file.read_text())
        assert hosts["host"] == {"http://dogs-registry:5000": {"capabilities": ["pull", "resolve"]}}
        assert hosts["server"].startswith("https://")
    written = files["docker.io"].stat().st_mtime_ns
    files["k8s.gcr.io"].write_text("wrong")
    registry.write_mirrors(settings)
    assert files["docker.io"].stat().st_mtime_ns == written
    assert "dogs-registry:5000" in files["k8s.gcr.io"].read_text()


@pytest.mark.parametrize(
    ("labels", "containers", "removed"),
    [
        pytest.param({"io.chatroulette.lab": "network"}, "", True, id="an older lab's, and empty"),
        pytest.param({"io.chatroulette.lab": "network", OWNER: "mine"}, "", True, id="ours, and empty"),
        pytest.param({"io.chatroulette.lab": "network", OWNER: "theirs"}, "", False, id="another lab's"),
        pytest.param({"io.chatroulette.lab": "network"}, "0123", False, id="ours, with a container on it"),
        pytest.param({}, "", False, id="kind's own"),
        pytest.param(None, "", False, id="without labels"),
    ],
)
def test_only_the_labs_own_empty_network_is_removed(settings, docker, labels, containers, removed):
    mine = ownership.mark(settings)
    network = json.dumps([{"Labels": labels}]).replace('"mine"', f'"{mine}"')
    calls = docker({"network inspect kind": network, "ps --all": containers, "network rm": "kind"})
    assert registry.remove_network(settings) is removed
    assert ("network rm kind" in calls()) is removed


def test_the_network_that_is_made_is_labelled(settings, docker):
    calls = docker({"network create": ""})
    registry.create_network(settings)
    (created,) = (call for call in calls() if call.startswith("network create"))
    assert f"--label io.chatroulette.lab=network --label {OWNER}={ownership.mark(settings)}" in created


@pytest.mark.parametrize("kind", ["container", "volume"])
def test_another_labs_registry_is_neither_used_nor_removed(settings, docker, kind):
    theirs = {registry.LABEL: "cats", OWNER: "0" * 16}
    found = json.dumps([{"Id": "1", "Labels": theirs, "Config": {"Labels": theirs}}])
    calls = docker({f"{kind} inspect cats-registry": found, "image inspect": "[{}]"})
    with pytest.raises(Refused, match=f"a {kind} named cats-registry is there that another lab made"):
        registry.ensure(settings, lambda *_: None)
    registry.remove_data(settings)
    assert not [call for call in calls() if call.startswith(("rm", "volume rm", "volume create", "run"))]


def test_the_databases_variables_hold_at_every_start():
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


def test_a_service_answers_to_the_names_of_docker_hub_and_of_the_course():
    back = "k8-chatroulette-back"
    hub = f"library/{back}"
    assert plan.names(f"{back}:0123") == [Name(hub, "0123"), Name(hub, "latest"), Name(back, "latest")]


def test_the_courses_proxy_is_an_image_once_its_program_is_built_and_named_by_it(tmp_path):
    program = tmp_path / "goproxy"
    assert [image.repository for image in plan.substitutes(program)] == ["library/busybox", "library/mysql"]
    program.write_bytes(b"a program")
    image = plan.substitutes(program)[-1]
    assert image.names[1] == Name("goproxy", "0.1")
    tag = image.recipe.tag
    program.write_bytes(b"a newer program")
    assert plan.substitutes(program)[-1].recipe.tag != tag
