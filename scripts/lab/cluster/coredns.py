"""Make CoreDNS answer NXDOMAIN at once to names outside the cluster while the host has no resolver, and undo it."""

import contextlib
import json
import re
import socket
from collections.abc import Callable
from typing import Literal

from lab import shell

NAMES = ("no-such-name.invalid", "")
"""What the node's resolver is asked: a name that never exists (RFC 6761), and the root, which every resolver knows."""
SERVFAIL = 2  # RFC 1035, 4.1.1: what a resolver says that reaches none above it
NOBODYS = "no-such-name-k8-chatroulette"
_TRIES = 3
_ANNOTATION = "chatroulette.lab/forward"
"""On the ConfigMap: what stood in the Corefile before."""


def _another_label(word: str) -> str:
    """Return a pattern of the labels as long as a word that are not the word; RE2 has no negative look-ahead."""
    rest = len(word) - 1
    return "|".join(f"{word[:n]}[^.{letter}]{'[^.]' * (rest - n)}" for n, letter in enumerate(word))


_OUTSIDE = "|".join(("[^.][^.]?[^.]?", _another_label("arpa"), _another_label("local"), "[^.]" * 6 + "[^.]*"))
"""The last label of names outside the cluster: CoreDNS asks the template before it asks Kubernetes, whatever the order
in the Corefile (its plugin.cfg), so the template has to leave ``cluster.local`` and the reverse zones alone."""
_TEMPLATE = f"""template ANY ANY . {{
        match "(^|[.])({_OUTSIDE})[.]$"
        rcode NXDOMAIN
        fallthrough
    }}"""
_ANY_TEMPLATE = re.compile(r"template ANY ANY \. \{[^}]*rcode NXDOMAIN[^}]*\}")
"""Ours, and that of an older lab, which took the cluster's own names too."""
_FORWARD = re.compile(r"forward \. /etc/resolv\.conf( \{[^}]*\})?")

# The node has no program that distinguishes NXDOMAIN from no answer, but its bash can send UDP.
_ASK = """
ask() {
    exec 3<>/dev/udp/$1/53 && printf '%b' "$2" >&3
    timeout "$seconds" dd bs=512 count=1 status=none <&3 | od -An -v -tx1 | tr -d '\\n'
    echo
}
seconds=$1; shift
for server in $(awk '/^nameserver/ { print $2 }' /etc/resolv.conf); do
    for query; do (ask "$server" "$query") & done
done
wait
"""


def follow_resolver(
    kubectl: Callable[..., str], ask: Callable[[float], set[int]]
) -> Literal["as it was", "changed", "restored"]:
    """Have CoreDNS answer NXDOMAIN to every name outside the cluster while the node's resolver answers nothing.

    CoreDNS forwards such names to that resolver, and fails or times out with it. ``ask`` is ``response_codes`` of the
    node. A refusal is an answer: who refuses one name may know others. One that forwards elsewhere is left alone.
    """
    config_map = json.loads(kubectl("--namespace=kube-system", "get", "configmap", "coredns", "--output=json"))
    corefile = config_map["data"]["Corefile"]
    is_changed, forward = bool(_ANY_TEMPLATE.search(corefile)), _FORWARD.search(corefile)
    if not (is_changed or forward):
        return "as it was"
    kept = (config_map["metadata"].get("annotations") or {}).get(_ANNOTATION) or "forward . /etc/resolv.conf"
    tries = (ask(1.0),) if is_changed else (ask(2.0) for _ in range(_TRIES))
    answers = any(codes - {SERVFAIL} for codes in tries)
    if is_changed and not answers and _TEMPLATE not in corefile:
        _write(kubectl, _ANY_TEMPLATE.sub(lambda _: _TEMPLATE, corefile), kept)
        return "changed"
    if answers is not is_changed:
        return "as it was"
    if is_changed:
        _write(kubectl, _ANY_TEMPLATE.sub(lambda _: kept, corefile), None)
        return "restored"
    _write(kubectl, _FORWARD.sub(lambda _: _TEMPLATE, corefile), forward[0] if forward else None)
    return "changed"


def _write(kubectl: Callable[..., str], corefile: str, kept: str | None) -> None:
    patch = {"metadata": {"annotations": {_ANNOTATION: kept}}, "data": {"Corefile": corefile}}
    kubectl("--namespace=kube-system", "patch", "configmap", "coredns", "--patch", json.dumps(patch))
    kubectl("--namespace=kube-system", "rollout", "restart", "deployment", "coredns")


def response_codes(node: str, seconds: float) -> set[int]:
    """Return the response codes that come from the node's resolvers within so many seconds."""
    queries = ["".join(f"\\x{byte:02x}" for byte in query(name)) for name in NAMES]
    argv = ["docker", "exec", node, "bash", "-c", _ASK, "ask", str(seconds), *queries]
    answers = shell.run(argv, timeout=20, check=False).stdout.splitlines()
    return {code for answer in answers if (code := response_code(bytes.fromhex(answer))) is not None}


def query(name: str) -> bytes:
    """Return a DNS query, recursion desired (RFC 1035, 4.1): for an IPv4 address, of the root for its name servers."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    kind = b"\x00\x01" if name else b"\x00\x02"
    return b"\x0c\xa7\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00" + kind + b"\x00\x01"


def response_code(answer: bytes) -> int | None:
    """Read the response code out of a DNS answer; None for one that was cut short or never came."""
    return answer[3] & 0x0F if len(answer) > 3 else None  # noqa: PLR2004 - the fourth byte's lower half


Ask = Callable[[str, str], bytes]
"""Sends a query for a name to a server's address and returns the answer, empty where none comes."""


def answering_domains(resolv_conf: str, ask: Ask) -> list[str]:
    """Return the search domains of a resolv.conf whose server has an address for a name that nobody made."""
    lines = (line.split() for line in resolv_conf.splitlines())
    server = next((words[1] for words in lines if words[:1] == ["nameserver"]), "")
    return [domain for domain in search_domains(resolv_conf) if has_address(ask(f"{NOBODYS}.{domain}", server))]


def search_domains(resolv_conf: str) -> list[str]:
    """Return the search list: the last line with one counts (resolv.conf(5))."""
    lines = [line.split() for line in resolv_conf.splitlines()]
    return next((words[1:] for words in reversed(lines) if words[:1] in (["search"], ["domain"])), [])


def has_address(answer: bytes) -> bool:
    """Tell whether a DNS answer has records (RFC 1035, 4.1.1: RCODE, ANCOUNT)."""
    return response_code(answer) == 0 and int.from_bytes(answer[6:8]) > 0


def ask(name: str, server: str) -> bytes:
    """Ask a DNS server for a name's IPv4 address; a second at most."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(1)
        connection.connect((server, 53))
        connection.send(query(name))
        return connection.recv(512)
    return b""
