"""The kubelet's probes, as they were answered."""

import pytest

from backend.kubelet import default_gateway
from backend.probe_log import ProbeLog
from backend.state_files import StateFiles
from service_runtime.lifecycle import Phase

from .conftest import FirstPacket

KUBELET = {"User-Agent": "kube-probe/1.37"}


def logged(app):
    return [(probe.kind, probe.status, probe.reason) for probe in app.extensions["context"].probe_log.probes]


def test_only_the_kubelet_is_logged(app, client):
    client.get("/readyz")
    client.get("/readyz", headers=KUBELET)
    client.get("/readyz", headers={"User-Agent": "curl/8 kube-probe/1.37"})
    assert logged(app) == [("readyz", 200, None)]


@pytest.mark.parametrize(
    ("address", "ttl"),
    [
        pytest.param("127.0.0.1", 63, id="through a NodePort: the node's address, but a router on the way"),
        pytest.param("10.244.0.9", 64, id="another Pod on the same bridge"),
        pytest.param("10.244.0.9", 63, id="another Pod"),
    ],
)
def test_a_visitor_that_says_it_is_the_kubelet_is_not_logged(app, client, address, ttl):
    environ = {"REMOTE_ADDR": address, "gunicorn.socket": FirstPacket(ttl)}
    client.get("/readyz", headers=KUBELET, environ_overrides=environ)
    assert logged(app) == []


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [("0100F40A", "10.244.0.1"), ("0101FEA9", None)],
    ids=["kindnet", "Calico: link-local, and so nobody's source"],
)
def test_the_gateway_is_where_the_kubelet_comes_from(gateway, expected):
    table = f"Iface\tDestination\tGateway\neth0\t00000000\t{gateway}\t0003\neth0\t0000F40A\t00000000\t0001\n"
    assert default_gateway(table) == expected
    assert default_gateway("Iface\tDestination\tGateway\n") is None


@pytest.mark.parametrize(
    ("path", "logged_as"),
    [
        ("/livez", ("livez", 200, None)),
        ("/healthz", ("livez", 200, None)),
        ("/readyz", ("readyz", 503, "still starting")),
        ("/startupz?verbose", ("startupz", 503, "still starting")),
    ],
)
def test_each_probe_is_logged_by_its_kind_with_its_answer(app, client, path, logged_as):
    app.extensions["lifecycle"].phase = Phase.STARTING
    client.get(path, headers=KUBELET)
    assert logged(app) == [logged_as]


def test_the_last_sixty_outlive_the_container(tmp_path):
    before = ProbeLog(StateFiles(tmp_path, "back-7d9"))
    assert before.latest is None
    for number in range(70):
        before.add("livez", 200, str(number))
    after = ProbeLog(StateFiles(tmp_path, "back-7d9"))
    assert [probe.reason for probe in after.probes] == [str(number) for number in range(10, 70)]
    assert after.latest == after.probes[-1].at
