"""Make CoreDNS answer NXDOMAIN at once to names outside the cluster where the host has no resolver."""

import json
import re
from collections.abc import Callable

from lab import shell

MISSING_NAME = "no-such-name.invalid"  # RFC 6761: never exists
NOERROR, NXDOMAIN = 0, 3  # RFC 1035, 4.1.1; some networks answer every name, which is an answer too
_TRIES = 3
_TIMEOUT = 2
_TEMPLATE = "template ANY ANY . {\n        rcode NXDOMAIN\n    }"

# The node has no program that distinguishes NXDOMAIN from no answer, but its bash can send UDP.
_QUERY = f"""
server=$(awk '/^nameserver/ {{ print $2; exit }}' /etc/resolv.conf)
exec 3<>/dev/udp/$server/53
printf '%b' "$0" >&3
timeout {_TIMEOUT} dd bs=512 count=1 status=none <&3 | od -An -v -tx1
"""


def ensure_answers(kubectl: Callable[..., str], resolve: Callable[[], int | None]) -> bool:
    """Have CoreDNS answer NXDOMAIN to every name outside the cluster, where nothing above it answers at all.

    CoreDNS forwards such names to the node's resolver, and fails or times out with it. ``resolve`` asks that resolver,
    as ``resolver_code`` does. Returns whether that was needed.
    """
    if any(resolve() in {NOERROR, NXDOMAIN} for _ in range(_TRIES)):
        return False
    config_map = json.loads(kubectl("--namespace=kube-system", "get", "configmap", "coredns", "--output=json"))
    patch = {"data": {"Corefile": without_forward(config_map["data"]["Corefile"])}}
    kubectl("--namespace=kube-system", "patch", "configmap", "coredns", "--patch", json.dumps(patch))
    kubectl("--namespace=kube-system", "rollout", "restart", "deployment", "coredns")
    return True


def resolver_code(node: str) -> int | None:
    """Return the response code of the node's resolver for a name that cannot exist; None where none comes."""
    escaped = "".join(f"\\x{byte:02x}" for byte in query(MISSING_NAME))
    argv = ["docker", "exec", node, "bash", "-c", _QUERY, escaped]
    return response_code(bytes.fromhex(shell.run(argv, timeout=20, check=False).stdout))


def query(name: str) -> bytes:
    """Return a DNS query for the name's IPv4 address, recursion desired (RFC 1035, 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x0c\xa7\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"


def response_code(answer: bytes) -> int | None:
    """Read the response code out of a DNS answer; None for one that was cut short or never came."""
    return answer[3] & 0x0F if len(answer) > 3 else None  # noqa: PLR2004 - the fourth byte's lower half


def without_forward(corefile: str) -> str:
    """Replace the ``forward`` plugin by an answer of NXDOMAIN (coredns.io/plugins/template)."""
    return re.sub(r"forward \. \S+( \{[^}]*\})?", _TEMPLATE, corefile)
