"""What `lab doctor` names besides what is missing: each with its line that mends. Platforms are stand-ins."""

import stat
from datetime import UTC, datetime

import pytest

from lab import config, docker, host
from lab.cluster import client_programs, coredns, docker_daemon, machine_checks, preflight
from lab.errors import LabError
from lab.kubernetes import client

INFO = {
    "MemTotal": 8 * 2**30,
    "NCPU": 4,
    "CgroupVersion": "2",
    "CpuCfsQuota": True,
    "MemoryLimit": True,
    "SecurityOptions": ["name=seccomp,profile=default"],
    "DockerRootDir": "/var/lib/docker",
    "SystemTime": "2026-11-27T12:00:00.123456789Z",
}
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
KIND = {"Id": "0123456789abcdef", "IPAM": {"Config": [{"Subnet": "172.18.0.0/16"}, {"Subnet": "fc00:f853::/64"}]}}
ROUTES = [("172.18.0.0/255.255.0.0", "br-0123456789ab"), ("10.0.0.0/255.0.0.0", "tun0")]
ROOTLESS = {"SecurityOptions": ["name=seccomp", "name=rootless", "name=cgroupns"]}
SNAP = {"DockerRootDir": "/var/snap/docker/common/var-lib-docker"}
FIVE_SECONDS = datetime(2026, 11, 27, 12, 0, 5, tzinfo=UTC)
ANSWER = bytes.fromhex("0ca781800001000100000000")
NO_SUCH_NAME = bytes.fromhex("0ca781830001000000000000")


def ask(name, _server):
    return ANSWER if name.endswith((".corp.example", ".wild")) else NO_SUCH_NAME


@pytest.mark.parametrize(
    ("requirements", "seen", "fix"),
    [
        pytest.param(
            [machine_checks.inotify("max_user_instances", 128, 128)],
            "fs.inotify.max_user_instances is 128, root uses 128",
            "sudo sysctl fs.inotify.max_user_instances=512",
            id="no inotify instances left",
        ),
        pytest.param(
            [machine_checks.inotify("max_user_instances", 1024, 1020)], "1020", "=2048", id="much, and all in use"
        ),
        pytest.param(
            [machine_checks.inotify("max_user_watches", 8192, 100)],
            "max_user_watches is 8192",
            "sudo sysctl fs.inotify.max_user_watches=524288",
            id="few inotify watches",
        ),
        pytest.param(
            machine_checks.proxies({"https_proxy": "http://p:3128", "NO_PROXY": "corp.example"}),
            "HTTPS_PROXY set, and asked too for localhost",
            "NO_PROXY=corp.example,localhost,127.0.0.1,::1",
            id="a proxy without NO_PROXY",
        ),
        pytest.param(
            machine_checks.endpoint("tcp://10.0.0.7:2375"), "tcp://10.0.0.7:2375", "unset DOCKER_HOST", id="remote"
        ),
        pytest.param(machine_checks.endpoint("ssh://me@build"), "another machine", "context use default", id="by ssh"),
        pytest.param(
            machine_checks.docker_resources({**INFO, "MemTotal": 2 * 2**30}), "2.0 GiB", "Resources", id="2 GiB"
        ),
        pytest.param(
            machine_checks.docker_kind({**INFO, **ROOTLESS, "CgroupVersion": "1"}, "/usr/bin/docker"),
            "rootless, cgroup v1",
            "Delegate=yes",
            id="rootless on cgroup v1",
        ),
        pytest.param(
            machine_checks.docker_kind({**INFO, **ROOTLESS, "CpuCfsQuota": False}, ""),
            "delegated",
            "Delegate",
            id="cpu",
        ),
        pytest.param(machine_checks.docker_kind({**INFO, **SNAP}, ""), "from snap", "LAB_CACHE", id="snap's daemon"),
        pytest.param(machine_checks.docker_kind(INFO, "/snap/bin/docker"), "hidden folders", "TMPDIR", id="snap's"),
        pytest.param(
            machine_checks.clock("2026-11-27T11:59:00.1Z", NOON), "60 s off", "restart Docker", id="a clock that stood"
        ),
        pytest.param(
            machine_checks.overlaps(KIND, [*ROUTES, ("172.16.0.0/255.240.0.0", "tun1")]),
            "172.18.0.0/16 overlaps 172.16.0.0/12 of tun1",
            "docker network create --subnet",
            id="a VPN's network",
        ),
        pytest.param(
            machine_checks.search_domains("nameserver 10.0.0.1\nsearch home corp.example\n", ask),
            "corp.example answers every name",
            "/etc/resolv.conf",
            id="a search domain that answers every name",
        ),
    ],
)
def test_what_hurts_is_named_with_the_line_that_mends(monkeypatch, requirements, seen, fix):
    monkeypatch.delenv("LAB_CACHE", raising=False)
    (requirement,) = requirements
    assert not requirement.ok
    assert seen in requirement.seen
    assert fix in requirement.fix


@pytest.mark.parametrize(
    "requirements",
    [
        pytest.param([machine_checks.inotify("max_user_instances", 128, 40)], id="inotify as it comes"),
        pytest.param([machine_checks.inotify("max_user_instances", 128, None)], id="what a user cannot see"),
        pytest.param(machine_checks.proxies({"HTTP_PROXY": "x", "no_proxy": "localhost, 127.0.0.1"}), id="NO_PROXY"),
        pytest.param(machine_checks.endpoint("unix:///var/run/docker.sock"), id="this computer's"),
        pytest.param(machine_checks.endpoint("tcp://127.0.0.1:2375"), id="over loopback"),
        pytest.param(machine_checks.docker_resources(INFO), id="memory"),
        pytest.param(machine_checks.docker_kind({**INFO, **ROOTLESS}, ""), id="rootless as it should be"),
        pytest.param(machine_checks.docker_kind({**INFO, "CgroupVersion": "1"}, ""), id="cgroup v1"),
        pytest.param(machine_checks.clock(INFO["SystemTime"], FIVE_SECONDS), id="five seconds"),
        pytest.param(machine_checks.overlaps(KIND, ROUTES), id="routes beside it"),
        pytest.param(machine_checks.search_domains("nameserver 10.0.0.1\nsearch home\n", ask), id="a search domain"),
    ],
)
def test_what_does_not_hurt_is_no_failure(requirements):
    assert [requirement.name for requirement in requirements if not requirement.ok] == []


def test_the_last_search_line_counts_and_a_server_that_is_silent_answers_nothing():
    """As resolv.conf(5) says."""
    assert coredns.answering_domains("nameserver ::1\nsearch x.wild\nsearch home\n", ask) == []
    assert coredns.answering_domains("nameserver 1\ndomain wild\n", ask) == ["wild"]
    assert coredns.answering_domains("search wild\n", lambda *_: b"") == []


@pytest.fixture
def platform(monkeypatch, tmp_path):
    """Be another computer: its kind, and the programs on its PATH."""

    def become(kind, **programs):
        version = tmp_path / "version"
        version.write_text("Linux version 5.15.0-microsoft-standard-WSL2" if kind == "wsl" else "Linux version 6.1.0")
        monkeypatch.setattr(host, "PROC_VERSION", version)
        monkeypatch.setattr(host.sys, "platform", {"macos": "darwin", "other": "win32"}.get(kind, "linux"))
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, text in programs.items():
            path = folder / name.replace("_exe", ".exe").replace("_", "-")
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))
        assert host.current() == kind
        return folder

    return become


@pytest.mark.parametrize("kind", ["linux", "wsl", "macos", "other"])
def test_dockerd_and_iptables_are_asked_for_on_linux_alone(platform, monkeypatch, kind):
    platform(kind)
    monkeypatch.setattr(preflight.shutil, "which", lambda *_, **__: None)
    asked = {program.name for program in preflight._needed(config.load({"LAB_IMAGES": "published"}))}
    assert asked == ({"docker", "dockerd", "iptables"} if kind in {"linux", "wsl"} else {"docker"})


STOPPED = "Cannot connect to the Docker daemon at {}. Is the docker daemon running?"


@pytest.mark.parametrize(
    ("kind", "problem", "address", "why", "fix"),
    [
        ("macos", STOPPED, "unix:///Users/me/.docker/run/docker.sock", "Docker Desktop is stopped", "start Docker"),
        ("linux", STOPPED, "unix:///home/me/.docker/desktop/docker.sock", "Docker Desktop is stopped", "start Docker"),
        ("linux", STOPPED, "unix:///var/run/docker.sock", "no daemon answers", "make kind-up"),
        ("wsl", STOPPED, "unix:///var/run/docker.sock", "no daemon answers", "make kind-up"),
        ("wsl", "could not be found in this WSL 2 distro", "", "not connected to this WSL", "WSL integration"),
        ("linux", "permission denied", "unix:///var/run/docker.sock", "not open to you", "usermod"),
        ("linux", "error during connect", "ssh://me@build", "daemon at ssh://me@build", "unset DOCKER_HOST"),
    ],
)
def test_why_docker_does_not_answer(kind, problem, address, why, fix):
    said = docker.explain(problem.format(address), kind, address)
    assert why in said[0]
    assert fix in said[1]


def test_docker_desktop_that_is_stopped_is_not_started_as_a_daemon(platform, monkeypatch):
    platform("macos", docker="echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(LabError, match="Docker Desktop is stopped"):
        docker_daemon._start(config.load({}), lambda *_: None)


KUBECTL = """echo '{"clientVersion": {"gitVersion": "%s"}}'"""


@pytest.mark.parametrize(("version", "fits"), [("v1.36.4", True), ("v1.30.1", False)])
def test_on_macos_the_kubectl_of_path_is_taken_where_it_fits(platform, monkeypatch, tmp_path, version, fits):
    folder = platform("macos", kubectl=KUBECTL % version)
    monkeypatch.setattr(client_programs.lifecycle, "version", lambda _settings: "v1.37.2")
    own = tmp_path / "own"
    if fits:
        client_programs._place(config.load({}), None, own)
        assert own.resolve() == folder / "kubectl"
        return
    with pytest.raises(LabError, match=r"no kubectl here fits v1.37.2: .*/kubectl is v1.30.1"):
        client_programs._place(config.load({}), None, own)


def test_windows_kubectl_is_not_taken_for_ours_on_wsl(platform, tmp_path):
    folder = platform("wsl", kubectl_exe=KUBECTL % "v1.37.2")
    (folder / "kubectl").symlink_to(folder / "kubectl.exe")
    with pytest.raises(LabError, match="is Windows' kubectl"):
        client.kubectl_program(tmp_path)


@pytest.mark.parametrize(
    ("kind", "programs", "env", "opener"),
    [
        ("macos", ["open", "xdg_open"], {}, "open"),
        ("wsl", ["wslview", "explorer_exe"], {}, "wslview"),
        ("wsl", ["explorer_exe"], {}, "explorer.exe"),
        ("linux", ["xdg_open"], {"DISPLAY": ":0"}, "xdg-open"),
        ("linux", ["xdg_open"], {"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open"),
        ("linux", ["xdg_open"], {}, None),
        ("linux", [], {"DISPLAY": ":0"}, None),
    ],
)
def test_what_opens_the_browser(platform, kind, programs, env, opener):
    folder = platform(kind, **dict.fromkeys(programs, "exit 0"))
    assert host.browser(env) == (str(folder / opener) if opener else None)
