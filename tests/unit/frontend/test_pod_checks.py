"""A Service that gives no connection, told apart by asking its Pods: each case over real sockets.

The Service `cats` is 127.0.0.1, its Pods are 127.0.0.2 and further, all on one port.
"""

import socket
import threading
from contextlib import ExitStack

import pytest

from .servers import FakeBackend, full_queue

GETADDRINFO = socket.getaddrinfo
STARTING = {"name": "started", "ok": False, "reason": "still starting"}


class Cluster:
    """The cluster's names, and what listens at the Pods' addresses."""

    def __init__(self, port, stack):
        self.port, self.stack, self.lookups = port, stack, []
        self.names = {"cats": ["127.0.0.1"], "cats-pods": ["127.0.0.2"]}

    def getaddrinfo(self, host, port, *options, **_):
        if options:  # the test's own servers bind so
            return GETADDRINFO(host, port, *options)
        self.lookups.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "made up")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in self.names[host]]

    def add_pod(self, ip, *failed_checks):
        backend = FakeBackend()
        body = {"name": "readyz", "ok": not failed_checks, "checks": failed_checks}
        backend.reply("/readyz", body, 503 if failed_checks else 200)
        return self.stack.enter_context(backend.serve(ip, self.port))

    def add_silent(self, ip):
        self.stack.enter_context(full_queue(ip, self.port))


@pytest.fixture
def cluster(closed_port, monkeypatch):
    with ExitStack() as stack:
        cluster = Cluster(closed_port, stack)
        monkeypatch.setattr(socket, "getaddrinfo", cluster.getaddrinfo)
        yield cluster


@pytest.fixture
def check(cluster, connect):
    client = connect(f"http://cats:{cluster.port}", pod_namespace="zoo")
    return lambda: client.get("/api/backend").get_json()


def test_no_headless_service(cluster, check):
    del cluster.names["cats-pods"]
    shown = check()
    assert (shown["hop"], shown["stage"], shown["pods"]) == ("refused", "service", [])


def test_pods_that_are_not_ready(cluster, check):
    ips = cluster.names["cats-pods"] = ["127.0.0.2", "127.0.0.3"]
    for ip in ips:
        cluster.add_pod(ip, STARTING)
    shown = check()
    assert (shown["hop"], shown["stage"], shown["seen"]) == ("no_endpoints", "pod", "connect: ECONNREFUSED")
    reasons = ["started: still starting"]
    assert shown["reasons"] == reasons
    assert shown["pods"] == [{"address": ip, "outcome": "not_ready", "reasons": reasons} for ip in ips]
    assert all("-n zoo" in command for command in shown["commands"])


def test_a_closed_pod_that_then_goes(cluster, check, monkeypatch):
    """Its DNS name goes with its last Pod; one that was never resolved is no headless Service."""
    shown = check()
    assert (shown["hop"], shown["stage"]) == ("closed_or_loopback", "pod")
    assert [pod["outcome"] for pod in shown["pods"]] == ["refused"]
    assert cluster.lookups == ["cats", "cats-pods"]
    monkeypatch.setattr("frontend.backend_check.FRESH_SECONDS", 0)
    monkeypatch.setattr("frontend.resolver.FRESH_SECONDS", 0)
    del cluster.names["cats-pods"]
    shown = check()
    assert (shown["hop"], shown["stage"], shown["pods"]) == ("no_pods", "service", [])


def test_a_healthy_pod_behind_a_service_that_refuses(cluster, check, monkeypatch):
    """At first it may just have become ready; when that lasts, targetPort or the selector is wrong."""
    cluster.add_pod("127.0.0.2")
    assert check()["hop"] == "settling"
    monkeypatch.setattr("frontend.connectivity.ENDPOINT_DELAY_SECONDS", 0)
    monkeypatch.setattr("frontend.backend_check.FRESH_SECONDS", 0)
    shown = check()
    assert (shown["hop"], shown["stage"]) == ("wrong_target_port", "service")
    assert shown["commands"][0] == "kubectl describe service cats -n zoo"


def test_at_most_ten_pods_are_checked(cluster, check):
    cluster.names["cats-pods"] = [f"127.0.0.{number}" for number in range(2, 14)]
    assert len(check()["pods"]) == 10


def test_pods_are_checked_at_the_same_time(cluster, check):
    """Each answers only when all have been asked."""
    ips = cluster.names["cats-pods"] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    barrier = threading.Barrier(len(ips))
    barrier.set = barrier.abort
    for ip in ips:
        cluster.add_pod(ip, STARTING).gates["/readyz"] = barrier
    assert [pod["outcome"] for pod in check()["pods"]] == ["not_ready"] * 3


def test_pods_are_not_asked_behind_a_service_that_answers(cluster, check):
    cluster.add_pod("127.0.0.1")
    assert (check()["hop"], cluster.lookups) == ("ok", ["cats"])


def test_an_ip_address_has_no_pods_behind_it(cluster, connect):
    cluster.names |= {"127.0.0.1": ["127.0.0.1"], "127-pods.0.0.1": ["127.0.0.2"]}
    shown = connect(f"http://127.0.0.1:{cluster.port}").get("/api/backend").get_json()
    assert (shown["hop"], shown["pods"], cluster.lookups) == ("refused", [], ["127.0.0.1"])


@pytest.mark.timeout(25)
def test_a_check_is_bounded_where_everything_is_silent(cluster, connect):
    cluster.add_silent("127.0.0.1")
    cluster.add_silent("127.0.0.2")
    client = connect(f"http://cats:{cluster.port}", backend_connect_seconds=30, backend_read_seconds=30)
    shown = client.get("/api/backend").get_json()
    assert (shown["hop"], shown["pods"][0]["outcome"]) == ("silent_pods", "timeout")


def test_a_failed_request_says_what_the_last_check_found(cluster, connect):
    cluster.add_pod("127.0.0.2", STARTING)
    client = connect(f"http://cats:{cluster.port}")
    assert client.get("/api/cats").get_json()["hop"]["hop"] == "refused"
    client.get("/api/backend")
    assert client.get("/api/cats").get_json()["hop"]["hop"] == "no_endpoints"
