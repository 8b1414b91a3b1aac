"""What the messages of the scheduler and of the container runtime mean (Kubernetes 1.37, containerd 2.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCHEDULER = (
    (r"Insufficient (cpu|memory)", "less {0} is free on the node than the Pod requests"),
    (r"Too many pods", "the node has as many Pods as it may"),
    (r"had untolerated taint(?:\(s\)|s)? ?(\{[^}]*\})?", "the node has a taint {0} that the Pod does not tolerate"),
    (r"didn't match Pod's node affinity/selector", "no node has the labels that its nodeSelector or affinity asks for"),
    (r"were unschedulable", "the node is cordoned (`kubectl uncordon` ends that)"),
    (r"find available persistent volumes|persistentvolume (?:not found|affinity)|volume node affinity conflict",
     "its PersistentVolumeClaim finds no volume, and its class makes none by itself"),
    (r"unbound immediate PersistentVolumeClaims", "its PersistentVolumeClaim is not bound to a volume"),
    (r'persistentvolumeclaim "([^"]+)" not found', "there is no PersistentVolumeClaim {0}"),
    (r"didn't have free ports", "the host port that it asks for is taken"),
)  # fmt: skip
_REGISTRY = (
    (r"not found|does not exist", "no registry has it"),
    (r"no such host|lookup .* on", "the registry's name does not resolve: is this machine offline?"),
    (r"connection refused|i/o timeout|deadline exceeded|unreachable", "the registry does not answer"),
    (r"401|403|denied|unauthorized|authorization failed", "the registry wants credentials, or has no such image"),
    (r"couldn't parse image|invalid reference format", "this is no image name"),
    (r"429|toomanyrequests", "the registry's rate limit is used up"),
)


def scheduler(message: str) -> str:
    """Explain why no node takes a Pod."""
    return _explained(message, _SCHEDULER, "scheduler")


def registry(message: str) -> str:
    """Explain why an image cannot be pulled."""
    return _explained(message, _REGISTRY, "runtime")


def start(message: str) -> str:
    """Reduce why a container could not be started to its command, where that is at fault."""
    command = re.search(r'exec: "([^"]+)": (?:stat [^:]+: )?(.+?)(?:: unknown)?$', message.strip())
    return f"its command {command[1]!r}: {command[2]}" if command else message.strip()


def _explained(message: str, patterns: Iterable[tuple[str, str]], author: str) -> str:
    """Put what a message means before it, where that is known."""
    for pattern, meaning in patterns:
        if match := re.search(pattern, message, re.IGNORECASE):
            plain = meaning.format(*(group or "" for group in match.groups())).strip()
            return f"{plain}. The {author}'s words: {message}"
    return message
