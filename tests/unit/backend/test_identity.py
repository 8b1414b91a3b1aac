import socket

import msgspec
import pytest

from backend import create_app
from backend.config import Settings
from backend.identity import WhoAmI
from service_runtime.version import Version, colour_of


def test_version(client):
    answer = client.get("/version")
    assert answer.status_code == 200
    assert msgspec.json.decode(answer.data, type=Version) == Version(
        "k8-chatroulette-back", "1.2.3", "abc1234", "2026-01-02T03:04:05Z", colour_of("1.2.3")
    )


def test_the_colour_follows_the_version_and_nothing_else():
    assert colour_of("1.2.3") == "#792bab"
    assert len({colour_of(f"1.{minor}") for minor in range(20)}) > 15


def test_a_colour_that_is_set_wins():
    client = create_app(Settings(colour="#123456")).test_client()
    assert client.get("/version").json["colour"] == "#123456"


def test_whoami_tells_what_the_downward_api_told(client):
    me = msgspec.json.decode(client.get("/whoami").data, type=WhoAmI)
    assert (me.pod, me.namespace, me.node, me.service_account) == ("back-7d9", "cats", "worker", "default")
    assert me.ips == ["10.0.0.7", "fd00::7"]
    assert (me.container.name, me.container.cpu_request_millicores) == ("back", 50)
    assert me.container.memory_request_bytes == 67108864
    assert me.uptime_seconds >= 0


def test_outside_a_pod_the_host_answers():
    me = create_app(Settings()).test_client().get("/whoami").json
    assert (me["pod"], me["namespace"], me["ips"]) == (socket.gethostname(), None, [])


@pytest.mark.parametrize(
    ("given", "ips"),
    [
        pytest.param({"pod_ip": "10.0.0.7"}, ["10.0.0.7"], id="one"),
        pytest.param({"pod_ip": "10.0.0.7", "pod_ips": "10.0.0.7, fd00::7"}, ["10.0.0.7", "fd00::7"], id="both"),
    ],
)
def test_addresses(given, ips):
    assert create_app(Settings(**given)).test_client().get("/whoami").json["ips"] == ips
