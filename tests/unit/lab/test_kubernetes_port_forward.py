"""A port-forward through a made-up kubectl: what it says decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.config import load
from lab.errors import LabError, TimedOut
from lab.kubernetes import client
from lab.kubernetes.port_forward import port_forward

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTINGS = load({})


@pytest.fixture
def kubectl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Make kubectl run these lines of shell; the words that it was given are in the returned file."""

    def make(script: str) -> Path:
        words = tmp_path / "words"
        program = f'echo "$*" > {words}\n{script}'
        monkeypatch.setattr(client, "kubectl_command", lambda _, *given: ["sh", "-c", program, "kubectl", *given])
        return words

    return make


def test_the_local_port_is_read_from_kubectl_and_kubectl_ends_with_the_block(kubectl: Any, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    words = kubectl(
        f"trap 'touch {ended}; exit' TERM; echo 'Forwarding from 127.0.0.1:40123 -> 3000'; while :; do sleep 0.05; done"
    )
    with port_forward(SETTINGS, "pod/x", 3000, namespace="n") as forward:
        assert forward.port == 40123
        assert forward.is_running
        assert words.read_text().split()[1:] == ["--address=127.0.0.1", "--namespace=n", "pod/x", ":3000"]
    assert not forward.is_running
    assert ended.exists()


def test_a_chosen_local_port_is_passed_on(kubectl: Any) -> None:
    words = kubectl("echo 'Forwarding from 127.0.0.1:8080 -> 8080'; exec sleep 30")
    with port_forward(SETTINGS, "pod/x", 8080, local=8080, namespace="n"):
        assert words.read_text().split()[-1] == "8080:8080"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param("error: unable to listen on any of the requested ports: [{8080 8080}]", "port 8080 .* is taken",
                     id="port taken"),
        pytest.param('Error from server (NotFound): pods "x" not found', "NotFound", id="no such Pod"),
        pytest.param("", "ended without a word", id="silence"),
    ],
)  # fmt: skip
def test_kubectl_s_own_words_are_shown(kubectl: Any, words: str, message: str) -> None:
    kubectl(f"printf '%s' '{words}' >&2; exit 1")
    with pytest.raises(LabError, match=message), port_forward(SETTINGS, "pod/x", 8080, local=8080, namespace="n"):
        pytest.fail("nothing is forwarded")


def test_a_kubectl_that_never_says_a_word_is_given_up(kubectl: Any) -> None:
    kubectl("exec sleep 30")
    with pytest.raises(TimedOut), port_forward(SETTINGS, "pod/x", 80, namespace="n", timeout=0.3):
        pytest.fail("nothing is forwarded")
