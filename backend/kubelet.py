"""Telling the kubelet's probes from requests that only say so.

A visitor can send the kubelet's User-Agent, and through a NodePort kube-proxy gives it the node's address too. But the
kubelet is on the Pod's own node: its packets arrive with the time to live (TTL) that they began with, while each
router, and the node is one for what comes from elsewhere, takes one off (RFC 791, 3.2). Measured on kind, 1.37: the
kubelet comes from the Pod's gateway with TTL 64, a NodePort's visitor from the same address with 63, another Pod
from its own with 63, port-forward from 127.0.0.1. Only a program that sets the TTL of its own packets gets around it.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

USER_AGENT = "kube-probe/"
"""How the kubelet's HTTP probes name themselves, before its version:
https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes
"""
ROUTES = Path("/proc/net/route")
INITIAL_TTL = 64
"""Linux's own, net.ipv4.ip_default_ttl."""
TCP_SAVED_SYN = 28
"""The first packet of a connection, from Linux's linux/tcp.h; service_runtime.listeners has it kept."""


class Kubelet:
    """`host_ip` is the node's address (downward API); its probes come from there or from the default gateway."""

    def __init__(self, host_ip: str | None, routes: Path = ROUTES) -> None:
        gateway = default_gateway(routes.read_text()) if routes.exists() else None
        self.addresses = {address for address in (host_ip, gateway) if address}

    def sent(self, environ: WSGIEnvironment) -> bool:
        """Tell whether the kubelet of this node sent the request."""
        if not environ.get("HTTP_USER_AGENT", "").startswith(USER_AGENT):
            return False
        address = str(environ.get("REMOTE_ADDR", "")).removeprefix("::ffff:")
        return address in self.addresses and time_to_live(environ.get("gunicorn.socket")) == INITIAL_TTL


def time_to_live(connection: socket.socket | None) -> int | None:
    """Return the TTL of a connection's first packet, None where it is not known, as for its second request."""
    if connection is None:
        return None
    try:
        packet = connection.getsockopt(socket.IPPROTO_TCP, TCP_SAVED_SYN, 128)
    except OSError:
        return None
    if len(packet) < 20:  # noqa: PLR2004 - the shortest header
        return None
    return packet[8] if packet[0] >> 4 == 4 else packet[7]  # noqa: PLR2004 - the IP version; RFC 791, RFC 8200


def default_gateway(routes: str) -> str | None:
    """Read the gateway from the kernel's table (proc(5)), which is in hexadecimal, as the machine orders bytes.

    A link-local one, as Calico's, is no address that anything comes from.
    """
    for row in (line.split() for line in routes.splitlines()[1:]):
        if len(row) > 2 and row[1] == "00000000":  # noqa: PLR2004 - the columns up to the gateway
            gateway = ipaddress.IPv4Address(struct.pack("=I", int(row[2], 16)))
            return None if gateway.is_link_local else str(gateway)
    return None
