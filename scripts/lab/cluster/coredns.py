"""See to it that a name which does not exist is said not to exist, at once, also where this machine has no DNS."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lab import shell

if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = "no-such-name.invalid"  # RFC 6761: never exists
NOERROR, NXDOMAIN = 0, 3  # RFC 1035, 4.1.1; some networks answer every name, which is an answer too
_TRIES = 3
_PATIENCE = 2
_TEMPLATE = "template ANY ANY . {\n        rcode NXDOMAIN\n    }"

# The node has no program that tells "no such name" from "nobody answers", but its bash speaks UDP.
_ASK = f"""
server=$(awk '/^nameserver/ {{ print $2; exit }}' /etc/resolv.conf)
exec 3<>/dev/udp/$server/53
printf '%b' "$0" >&3
timeout {_PATIENCE} dd bs=512 count=1 status=none <&3 | od -An -v -tx1
"""


def answer_at_once(kubectl: Callable[..., str], node: str) -> bool:
    """Have CoreDNS answer NXDOMAIN to every name outside the cluster, where nothing above it does.

    CoreDNS forwards such names to the node's resolver, and fails or times out with it. Tells whether that was needed.
    """
    if any(upstream_says(node) in {NOERROR, NXDOMAIN} for _ in range(_TRIES)):
        return False
    found = json.loads(kubectl("--namespace=kube-system", "get", "configmap", "coredns", "--output=json"))
    patch = {"data": {"Corefile": without_forward(found["data"]["Corefile"])}}
    kubectl("--namespace=kube-system", "patch", "configmap", "coredns", "--patch", json.dumps(patch))
    kubectl("--namespace=kube-system", "rollout", "restart", "deployment", "coredns")
    return True


def upstream_says(node: str) -> int | None:
    """Return the response code of the node's resolver for an impossible name; None where none comes."""
    escaped = "".join(f"\\x{byte:02x}" for byte in question(ABSENT))
    argv = ["docker", "exec", node, "bash", "-c", _ASK, escaped]
    return response_code(bytes.fromhex(shell.run(argv, timeout=20, check=False).stdout))


def question(name: str) -> bytes:
    """Return a DNS query for the name's IPv4 address, recursion desired (RFC 1035, 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x0c\xa7\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"


def response_code(answer: bytes) -> int | None:
    """Read the response code out of a DNS answer; None for one that was cut short or never came."""
    return answer[3] & 0x0F if len(answer) > 3 else None  # noqa: PLR2004 - the fourth byte's lower half


def without_forward(corefile: str) -> str:
    """Put an answer of NXDOMAIN in the place of the ``forward`` plugin (coredns.io/plugins/template)."""
    return re.sub(r"forward \. \S+( \{[^}]*\})?", _TEMPLATE, corefile)
