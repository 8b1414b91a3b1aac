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


def test_the_colour_follows_the_version_unless_it_is_set():
    assert colour_of("1.2.3") == "#792bab"
    assert len({colour_of(f"1.{minor}") for minor in range(20)}) > 15
    assert create_app(Settings(colour="#123456")).test_client().get("/version").json["colour"] == "#123456"


def test_whoami_is_what_the_downward_api_says(client):
    whoami = msgspec.json.decode(client.get("/whoami").data, type=WhoAmI)
    pod = (whoami.pod, whoami.namespace, whoami.node, whoami.service_account)
    assert pod == ("back-7d9", "cats", "worker", "default")
    assert whoami.ips == ["10.0.0.7", "fd00::7"]
    container = whoami.container
    assert (container.name, container.cpu_request_millicores, container.memory_request_bytes) == ("back", 50, 67108864)
    assert whoami.uptime_seconds >= 0


@pytest.mark.parametrize(
    ("settings", "ips"),
    [
        pytest.param({}, [], id="outside-a-pod"),
        pytest.param({"pod_ip": "10.0.0.7"}, ["10.0.0.7"], id="one"),
        pytest.param({"pod_ip": "10.0.0.7", "pod_ips": "10.0.0.7, fd00::7"}, ["10.0.0.7", "fd00::7"], id="both"),
    ],
)
def test_addresses_and_the_hosts_name(settings, ips):
    whoami = create_app(Settings(**settings)).test_client().get("/whoami").json
    assert (whoami["pod"], whoami["namespace"], whoami["ips"]) == (socket.gethostname(), None, ips)
