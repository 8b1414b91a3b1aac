"""A port-forward through a made-up kubectl: what it says decides."""

import pytest

from lab.errors import LabError, TimedOut
from lab.kubernetes import client
from lab.kubernetes.port_forward import port_forward


@pytest.fixture
def kubectl(monkeypatch, tmp_path):
    """Make kubectl run these lines of shell; the words that it was given are in the returned file."""

    def make(script):
        words = tmp_path / "words"
        program = f'echo "$*" > {words}\n{script}'
        monkeypatch.setattr(client, "kubectl_command", lambda _, *args: ["sh", "-c", program, "kubectl", *args])
        return words

    return make


@pytest.mark.parametrize(("local", "ports"), [pytest.param(0, ":3000", id="any"), (8080, "8080:3000")])
def test_the_local_port_is_read_from_kubectl_and_kubectl_ends_with_the_block(kubectl, tmp_path, settings, local, ports):
    ended = tmp_path / "ended"
    words = kubectl(
        f"trap 'touch {ended}; exit' TERM; echo 'Forwarding from 127.0.0.1:40123 -> 3000'; while :; do sleep 0.05; done"
    )
    with port_forward(settings, "pod/x", 3000, local=local, namespace="n") as forward:
        assert forward.port == 40123
        assert forward.is_running
        assert words.read_text().split()[1:] == ["--address=127.0.0.1", "--namespace=n", "pod/x", ports]
    assert not forward.is_running
    assert ended.exists()


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        pytest.param(
            "echo 'unable to listen on any of the requested ports' >&2", LabError, "port 8080 .* is taken", id="taken"
        ),
        pytest.param("echo 'pods \"x\" not found' >&2", LabError, "not found", id="no such Pod"),
        pytest.param("", LabError, "ended without a word", id="silence"),
        pytest.param("exec sleep 30", TimedOut, "a port-forward to pod/x", id="it never listens"),
    ],
)
def test_a_port_forward_that_does_not_start_is_an_error_with_kubectl_s_words(kubectl, settings, script, error, message):
    kubectl(script)
    forward = port_forward(settings, "pod/x", 8080, local=8080, namespace="n", timeout=0.3)
    with pytest.raises(error, match=message), forward:
        pytest.fail("nothing is forwarded")
