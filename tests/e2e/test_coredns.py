"""CoreDNS follows the node's resolver: a stub on its network that answers, refuses, fails, and goes."""

import contextlib
from functools import partial

import pytest

from lab import docker, waiting
from lab.cluster import coredns, lifecycle

pytestmark = pytest.mark.cluster
BACK = "810454728139.dkr.ecr.eu-west-3.amazonaws.com/k8-chatroulette-back:latest"
STUB = """
import socket, sys
code = int(sys.argv[1])
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
print("listening", flush=True)
while True:
    query, peer = server.recvfrom(512)
    end = query.index(0, 12) + 5
    server.sendto(query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, 0, 0, 0, 0, 0]) + query[12:end], peer)
"""


@contextlib.contextmanager
def resolver(cluster, code):
    """Run a DNS server that answers every query with this code, and name it to the node."""
    node, name = cluster.settings.node, f"{cluster.settings.cluster}-dns-stub"
    image = docker.docker("images", "--quiet", "chatroulette-python").split()[0]
    docker.docker(
        "run", "--detach", "--name", name, "--network=kind", "--user=0", image, "python3", "-c", STUB, str(code)
    )
    try:
        waiting.until("the stub", lambda: ("listening" in docker.docker("logs", name), ""), timeout=30)
        address = docker.inspect(name)["NetworkSettings"]["Networks"]["kind"]["IPAddress"]
        docker.docker("exec", node, "sh", "-c", f"echo nameserver {address} > /etc/resolv.conf")
        yield
    finally:
        docker.docker("rm", "--force", name)


@pytest.fixture
def follow(cluster):
    """Look at the resolver as kind-up does; the node's resolv.conf and CoreDNS are as before at the end."""
    node = cluster.settings.node
    before = docker.docker("exec", node, "cat", "/etc/resolv.conf")
    kubectl = partial(lifecycle.kubectl_in_node, cluster.settings)

    def look():
        return coredns.follow_resolver(kubectl, partial(coredns.response_codes, node))

    yield look
    docker.docker("exec", node, "sh", "-c", f"echo '{before}' > /etc/resolv.conf")
    look()
    # Its Pods were given the resolv.conf that the node had when they were made.
    for words in (("restart", "deployment"), ("status", "deployment", "--timeout=90s")):
        kubectl("--namespace=kube-system", "rollout", words[0], words[1], "coredns", *words[2:])


def corefile(cluster):
    return cluster.kubectl("--namespace=kube-system", "get", "configmap", "coredns", "--output=json").stdout


ASK = """
import socket, sys
for name in sys.argv[1:]:
    try:
        print(name, bool(socket.gethostbyaddr(name) if name[0].isdigit() else socket.gethostbyname(name)))
    except OSError:
        print(name, False)
"""


@pytest.fixture
def asker(cluster):
    """A Pod to ask DNS from, made while the node can still pull its image; a function that asks."""
    kubectl = partial(cluster.kubectl, "--namespace=default")
    kubectl("run", "asks-dns", f"--image={BACK}", "--command", "--", "sleep", "600")
    kubectl("wait", "--for=condition=Ready", "pod/asks-dns", "--timeout=50s")

    def ask(*names):
        """Tell which names a Pod can resolve once CoreDNS is ready."""
        cluster.kubectl("-n", "kube-system", "rollout", "status", "deployment", "coredns", "--timeout=90s", timeout=100)
        done = kubectl("exec", "asks-dns", "--", "python3", "-c", ASK, *names)
        return {name: answer == "True" for name, answer in (line.split() for line in done.stdout.splitlines())}

    yield ask
    kubectl("delete", "pod", "asks-dns", "--force", "--grace-period=0")


def test_coredns_is_changed_without_a_resolver_and_changed_back_with_one(cluster, asker, follow):
    with resolver(cluster, 3):
        follow()
        assert "forward . /etc/resolv.conf" in corefile(cluster)
    assert follow() == "changed"
    assert "rcode NXDOMAIN" in corefile(cluster)
    own, outside = "kubernetes.default", "example.org"
    assert asker(own, outside) == {own: True, outside: False}
    with resolver(cluster, 2):
        assert follow() == "as it was"
    with resolver(cluster, 5):
        assert follow() == "restored"
        assert follow() == "as it was"
    assert "rcode NXDOMAIN" not in corefile(cluster)
