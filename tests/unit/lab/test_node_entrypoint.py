"""A node that comes back with another address, by the functions of its entrypoint in a folder instead of its root."""

import subprocess

import pytest

from lab.cluster.node_image.recipe import NODE

FOLDERS = ("/kind/", "/etc/kubernetes/", "/var/lib/kubelet/")
SUCCEEDS, FAILS = "touch {pki}/apiserver.crt", "false"


class Node:
    def __init__(self, root):
        self.root, self.pki = root, root / "etc" / "kubernetes" / "pki"
        text = (NODE / "rootfs" / "usr" / "local" / "bin" / "entrypoint").read_text()
        self.functions = text[text.index("set -e") : text.index("\nfit_containerd_to_capabilities\n")]
        for folder in FOLDERS:
            (root / folder.strip("/")).mkdir(parents=True)
            self.functions = self.functions.replace(f" {folder}", f" {root}{folder}")
        self.pki.mkdir()
        (self.pki / "apiserver.crt").touch()
        self.settings = root / "kind" / "kubeadm.conf"
        self.settings.write_text("172.18.0.2 and not 172.18.0.20")
        self.address = root / "kind" / "address"

    def start(self, address, kubeadm=SUCCEEDS):
        """Return the exit code of a start with this address."""
        fakes = f"ip() {{ echo '2: eth0 inet {address}/16'; }}\nkubeadm() {{ {kubeadm.format(pki=self.pki)}; }}"
        script = f"{self.functions}\n{fakes}\nfollow_own_address"
        return subprocess.run(["/bin/bash", "-c", script], check=False, timeout=20).returncode


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    assert made.start("172.18.0.2", kubeadm=FAILS) == 0, "nothing is to be done at the first start"
    return made


def test_the_first_start_records_the_address(node):
    assert node.address.read_text() == "172.18.0.2"
    assert node.settings.read_text() == "172.18.0.2 and not 172.18.0.20"


def test_a_control_plane_gets_a_certificate_for_its_new_address(node):
    (node.pki / "ca.key").touch()
    assert node.start("172.18.0.3") == 0
    assert node.address.read_text() == "172.18.0.3"
    assert node.settings.read_text() == "172.18.0.3 and not 172.18.0.20"
    assert (node.pki / "apiserver.crt").exists()


def test_what_is_stopped_in_between_is_done_again_at_the_next_start(node):
    (node.pki / "ca.key").touch()
    assert node.start("172.18.0.3", kubeadm=FAILS) != 0
    assert not (node.pki / "apiserver.crt").exists()
    assert node.start("172.18.0.3") == 0
    assert (node.pki / "apiserver.crt").exists()
    assert node.address.read_text() == "172.18.0.3"


def test_a_node_without_the_authority_s_key_makes_no_certificate(node):
    assert node.start("172.18.0.3", kubeadm=FAILS) == 0
    assert node.address.read_text() == "172.18.0.3"
