"""See to it that a name which does not exist is said not to exist, at once, also where this machine has no DNS."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from lab import shell

if TYPE_CHECKING:
    from collections.abc import Callable

_ABSENT = "no-such-name.invalid"  # RFC 6761: never exists
_PATIENCE = 2
_NOT_FOUND = 2  # getent(1): the key could not be found, which is an answer
_NXDOMAIN = "template ANY ANY . {\n        rcode NXDOMAIN\n    }"


def answer_at_once(kubectl: Callable[..., str], node: str) -> bool:
    """Have CoreDNS answer NXDOMAIN to every name outside the cluster, where nothing above it answers.

    CoreDNS forwards such names to the node's resolver and lets them time out with it. Tells whether that was needed.
    """
    if upstream_answers(node):
        return False
    found = json.loads(kubectl("--namespace=kube-system", "get", "configmap", "coredns", "--output=json"))
    patch = {"data": {"Corefile": without_forward(found["data"]["Corefile"])}}
    kubectl("--namespace=kube-system", "patch", "configmap", "coredns", "--patch", json.dumps(patch))
    kubectl("--namespace=kube-system", "rollout", "restart", "deployment", "coredns")
    return True


def upstream_answers(node: str) -> bool:
    """Tell whether the node's resolver says in two seconds that an impossible name does not exist."""
    argv = ["docker", "exec", node, "timeout", str(_PATIENCE), "getent", "hosts", _ABSENT]
    return shell.run(argv, timeout=20, check=False).code == _NOT_FOUND


def without_forward(corefile: str) -> str:
    """Put an answer of NXDOMAIN in the place of the ``forward`` plugin (coredns.io/plugins/template)."""
    return re.sub(r"forward \. \S+( \{[^}]*\})?", _NXDOMAIN, corefile)
