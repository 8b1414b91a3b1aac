"""The decisions of lab.cluster: capabilities, versions, names, cluster shape."""

import json
from pathlib import Path

import pytest
import yaml

from lab import config, local_images, ownership
from lab.cluster import client_programs, coredns, difference, docker_daemon, lifecycle, runc_wrapper
from lab.cluster.node_image import build
from lab.cluster.node_image.recipe import PUBLISHED
from lab.errors import Refused

FULL, WITHOUT_RESOURCE = "000001ffffffffff", "000001fffeffffff"


@pytest.mark.parametrize(
    ("mask", "missing"),
    [pytest.param(FULL, False, id="all"), pytest.param(WITHOUT_RESOURCE, True, id="without-sys-resource")],
)
def test_a_gap_in_the_bounding_set_is_found(mask, missing):
    assert docker_daemon.missing_capabilities(f"Name:\tx\nCapBnd:\t{mask}\n") is missing


def test_the_runtime_takes_away_what_the_host_withholds():
    allowed = runc_wrapper.bounding_set(f"CapBnd:\t{WITHOUT_RESOURCE}")
    process = {"capabilities": {"bounding": ["CAP_KILL", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]}}
    runc_wrapper.restrict(process, allowed)
    assert process == {"capabilities": {"bounding": ["CAP_KILL"], "effective": []}}


@pytest.mark.parametrize(
    ("words", "path", "is_container"),
    [
        pytest.param(["--root", "/r", "create", "--bundle", "/b", "id"], Path("/b/config.json"), True, id="create"),
        pytest.param(["exec", "--process", "/p.json", "id"], Path("/p.json"), False, id="exec"),
        pytest.param(["delete", "id"], None, False, id="delete"),
    ],
)
def test_the_runtime_finds_what_describes_the_process(words, path, is_container):
    assert runc_wrapper.find_spec(words) == (path, is_container)


@pytest.mark.parametrize(
    ("client", "server", "fits"),
    [
        ("v1.37.2", "v1.37.0", True),
        ("v1.36.9", "v1.37.2", True),
        ("v1.32.4-dispatcher", "v1.37.2", False),
        ("v1.39.0", "v1.37.2", False),
        ("", "v1.37.2", False),
    ],
)
def test_a_kubectl_fits_within_one_minor(client, server, fits):
    assert client_programs.fits(client, server) is fits


def test_the_cluster_differs_from_another_in_name_ports_mount_and_image_only(tmp_path):
    settings = config.load({"LAB_CLUSTER": "dogs", "LAB_FRONT_PORT": "31080", "LAB_BACK_PORT": "31030"})
    shape = yaml.safe_load(lifecycle.kind_config(settings, "node:1", tmp_path))
    node = shape["nodes"][0]
    assert (shape["name"], node["image"]) == ("dogs", "node:1")
    ports = [(mapping["hostPort"], mapping["containerPort"]) for mapping in node["extraPortMappings"]]
    assert ports == [(31080, 30080), (31030, 30030)]
    assert {mapping["listenAddress"] for mapping in node["extraPortMappings"]} == {"127.0.0.1"}
    assert node["extraMounts"][0]["hostPath"] == str(tmp_path)


@pytest.mark.parametrize(
    ("image", "own_network", "timeout"),
    [
        pytest.param(build.reference(), True, 300, id="built-here"),
        pytest.param(PUBLISHED["1.35"], False, 1800, id="published"),
        pytest.param(None, False, 1800, id="kinds-own"),
    ],
)
def test_a_published_node_image_keeps_kinds_network_and_may_take_long_to_pull(tmp_path, image, own_network, timeout):
    text = lifecycle.kind_config(config.load({}), image, tmp_path)
    shape = yaml.safe_load(text)
    assert shape["nodes"][0].get("image") == image
    assert shape.get("networking", {}).get("disableDefaultCNI", False) is own_network
    assert lifecycle.create_timeout(text) == timeout


def test_each_version_of_kubeadms_configuration_says_the_same():
    """kind writes v1beta3, which has maps for lists, before 1.36 (its pkg/cluster/internal/kubeadm/config.go)."""
    cluster = yaml.safe_load((lifecycle.MANIFESTS / "cluster.yaml").read_text())
    kubelet, newer, older = map(yaml.safe_load, cluster["kubeadmConfigPatches"])
    assert kubelet == {"kind": "KubeletConfiguration", "failCgroupV1": False}
    assert (newer.pop("apiVersion"), older.pop("apiVersion")) == ("kubeadm.k8s.io/v1beta4", "kubeadm.k8s.io/v1beta3")
    for arguments in (newer["apiServer"], newer["etcd"]["local"]):
        arguments["extraArgs"] = {argument["name"]: argument["value"] for argument in arguments["extraArgs"]}
    assert newer == older


OWN = "{cache}/mirrors/cats"


@pytest.mark.parametrize(
    ("source", "mark", "ours"),
    [
        pytest.param(OWN, "{mark}", True, id="ours"),
        pytest.param("/run/desktop/mnt/host/wsl/bind-mounts/Ubuntu/0a1b", "{mark}", True, id="ours-on-wsl"),
        pytest.param(OWN, "0123456789abcdef", False, id="another-users-with-the-same-path"),
        pytest.param("/home/other/.cache/chatroulette-lab/mirrors/cats", "0123456789abcdef", False, id="another-users"),
        pytest.param(OWN, None, True, id="an-older-labs-of-this-cache"),
        pytest.param(f"/run/desktop/mnt/host{OWN}", None, True, id="an-older-labs-on-docker-desktop"),
        pytest.param(f"/srv{OWN}", None, False, id="an-older-labs-whose-path-only-ends-alike"),
        pytest.param("/home/me/certs.d", None, False, id="no-labs"),
    ],
)
def test_a_cluster_of_somebody_elses_is_told_from_ours(settings, source, mark, ours):
    own = {"cache": settings.cache, "mark": ownership.mark(settings)}
    mounts = [{"Destination": ownership.MIRRORS, "Source": source.format(**own)}]
    mounts += [{"Destination": f"/etc/chatroulette-lab/{mark.format(**own)}", "Source": "/x"}] if mark else []
    assert ownership.owns_node(settings, {"Mounts": mounts}, "cats") is ours


@pytest.mark.parametrize(
    ("image", "port", "facts", "said"),
    [
        pytest.param("n:old", "1", {"lab": "0.0.9"}, "has the node image n:old of lab 0.0.9, this is lab ", id="image"),
        pytest.param("n:old", "1", {}, "has the node image n:old of an older lab, this is lab ", id="an-older-labs"),
        pytest.param("n:new", "2", {}, "has port 2 where port 1 is asked for", id="port"),
        pytest.param("n:new", "1", {"lab": "0.0.9"}, "was made by lab 0.0.9 from another k8s/kind", id="configuration"),
    ],
)
def test_what_is_old_about_a_cluster_is_named(image, port, facts, said):
    node = {"Config": {"Image": image}, "HostConfig": {"PortBindings": {"30080/tcp": [{"HostPort": port}]}}}
    wanted = {"image": "n:new", "extraPortMappings": [{"containerPort": 30080, "hostPort": 1}]}
    assert difference.describe(node, facts, {"nodes": [wanted]}).startswith(said)


FOREIGN_NODE = [{"Destination": ownership.MIRRORS, "Source": "/home/other/.cache/chatroulette-lab/mirrors/cats"}]


@pytest.mark.parametrize(
    ("owner", "other_lab", "listed"),
    [
        pytest.param("mine", True, True, id="ours"),
        pytest.param("theirs", False, False, id="another-labs"),
        pytest.param(None, False, True, id="an-older-labs"),
        pytest.param(None, True, False, id="an-older-labs-beside-another-lab"),
    ],
)
def test_images_are_ours_by_the_mark_and_without_one_only_where_nobody_else_is(
    settings, docker, owner, other_lab, listed
):
    marks = {"mine": ownership.mark(settings), "theirs": "0" * 16}
    image = {"Id": "sha256:1", "RepoTags": ["chatroulette-node:1"], "Size": 5, "Config": {"Labels": {}}}
    if owner:
        image["Config"]["Labels"] = {ownership.LABEL: marks[owner]}
    node = {"Id": "2", "Name": "/cats-control-plane", "Mounts": FOREIGN_NODE}
    docker(
        {
            "ps --all --quiet": "",
            "ps --all --filter": "cats-control-plane" if other_lab else "",
            "container inspect cats-control-plane": json.dumps([node]),
            "image ls": "sha256:1",
            "image inspect": json.dumps([image]),
        }
    )
    assert [found.names for found in local_images.unused(settings)] == ([("chatroulette-node:1",)] if listed else [])


def test_half_of_anothers_cluster_of_the_same_name_is_neither_removed_nor_replaced(settings, docker):
    node = {"Id": "2", "Name": "/cats-control-plane", "Mounts": FOREIGN_NODE, "State": {"Running": False}}
    calls = docker({"ps --all": "cats-control-plane", "container inspect cats": json.dumps([node])})
    with pytest.raises(Refused, match=r"another lab's, whose caches are in /home/other/\.cache/chatroulette-lab"):
        lifecycle.down(settings)
    assert not lifecycle._remove_nodes(settings)
    assert not [call for call in calls() if call.startswith("rm")]


def test_a_mark_is_made_once_and_made_anew_where_its_file_is_broken(settings):
    first = ownership.mark(settings)
    ownership._mark.cache_clear()
    assert ownership.mark(settings) == first == (settings.cache / "mark").read_text()
    (settings.cache / "mark").write_text("")
    ownership._mark.cache_clear()
    assert len(ownership.mark(settings)) == len(first)
    assert [path.name for path in settings.cache.iterdir()] == ["mark"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(bytes.fromhex("0ca781830001"), 3, id="no-such-name"),
        pytest.param(bytes.fromhex("0ca781820001"), coredns.SERVFAIL, id="servfail"),
        pytest.param(b"", None, id="nobody"),
    ],
)
def test_an_answer_that_there_is_no_such_name_is_told_from_a_failure(answer, code):
    assert coredns.response_code(answer) == code


def test_a_query_is_a_dns_message():
    assert coredns.query("a.bc")[12:] == b"\x01a\x02bc\x00\x00\x01\x00\x01"
    assert coredns.query("")[12:] == b"\x00\x00\x02\x00\x01"


COREFILE = """.:53 {
    errors
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
}
"""


class CoreDns:
    """Answers as kubectl does for CoreDNS' ConfigMap, and remembers what was patched."""

    def __init__(self, corefile):
        self.config = {"metadata": {}, "data": {"Corefile": corefile}}
        self.restarts = 0

    def kubectl(self, _namespace, *words):
        if words[0] == "patch":
            patch = json.loads(words[-1])
            self.config["metadata"]["annotations"] = patch["metadata"]["annotations"]
            self.config["data"] |= patch["data"]
        self.restarts += words[0] == "rollout"
        return json.dumps(self.config)

    def follow(self, *answers):
        rounds = iter(answers)
        return coredns.follow_resolver(self.kubectl, lambda _seconds: next(rounds, set()))


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        pytest.param([], "changed", id="nobody answers"),
        pytest.param([{2}, set(), {2}], "changed", id="a resolver that reaches none above it"),
        pytest.param([set(), {3}], "as it was", id="one answer of three rounds is enough"),
        pytest.param([{2, 0}], "as it was", id="a failure for .invalid, an answer for the root"),
        pytest.param([{5}], "as it was", id="a refusal"),
        pytest.param([{0}], "as it was", id="a network that answers every name"),
    ],
)
def test_coredns_answers_itself_only_while_nobody_above_it_does(answers, result):
    cluster = CoreDns(COREFILE)
    assert cluster.follow(*answers) == result
    corefile = cluster.config["data"]["Corefile"]
    assert ("rcode NXDOMAIN" in corefile) is ("forward" not in corefile) is (result == "changed")
    assert cluster.restarts == (result == "changed")
    assert corefile.count("{") == corefile.count("}") == 2
    assert "cache 30" in corefile


def test_coredns_is_changed_back_to_the_letter_when_a_resolver_answers_again():
    cluster = CoreDns(COREFILE)
    assert [cluster.follow(), cluster.follow(), cluster.follow({3})] == ["changed", "as it was", "restored"]
    assert cluster.config["data"]["Corefile"] == COREFILE
    assert cluster.restarts == 2


def test_a_corefile_that_forwards_elsewhere_is_left_alone():
    cluster = CoreDns(COREFILE.replace("/etc/resolv.conf", "10.0.0.1 10.0.0.2"))
    assert (cluster.follow(), cluster.restarts) == ("as it was", 0)


@pytest.mark.parametrize(
    ("content", "status", "pid"),
    [
        pytest.param("7", "Name:\tdockerd\nState:\tS (sleeping)\n", 7, id="asleep"),
        pytest.param("7", "Name:\tdockerd\nState:\tZ (zombie)\n", None, id="a-zombie-has-ended"),
        pytest.param("7", "Name:\tbash\nState:\tR (running)\n", None, id="another-program-has-its-pid"),
        pytest.param("8", "", None, id="it-has-ended"),
        pytest.param("", "", None, id="cut-short"),
    ],
)
def test_a_pid_file_is_believed_only_of_the_program_that_it_is_for(tmp_path, monkeypatch, content, status, pid):
    monkeypatch.setattr(docker_daemon, "PROC", tmp_path)
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text(status)
    (tmp_path / "docker.pid").write_text(content)
    assert docker_daemon.live_pid(tmp_path / "docker.pid", "dockerd") == pid
