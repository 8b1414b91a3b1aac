"""Which names a service answers to, and who may have it change something.

A page of another site can point its own name at this address (DNS rebinding); then the browser takes the two for one
site, and only the Host header tells them apart. Names that nobody can register are safe: addresses, names without a
dot (a Service, a Pod, a node), and those of the cluster:
https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from service_runtime.probes import PATHS
from service_runtime.responses import problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask, Response
    from werkzeug.datastructures import Headers

    from service_runtime.environment import ServiceSettings

RESERVED = (".localhost", ".internal", ".svc", ".pod", ".svc.cluster.local", ".pod.cluster.local", ".default")
"""RFC 6761, ICANN's .internal, and what Kubernetes gives out where its domain is the usual one."""
HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+))(?::[0-9]{1,5})?")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
NO_DOMAIN = re.compile(r"[0-9]|-|^chatroulette$")
LOOPBACK = ("127.0.0.1", "::1")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_KNOWN = 1000


class AllowedHosts:
    """`allowed` are names, and `*.` before one stands for all names below it; `*` alone for every name."""

    def __init__(self, allowed: Iterable[str], suffixes: Iterable[str] = ()) -> None:
        names = [name.strip().lower() for name in allowed if name.strip()]
        self._all = "*" in names
        self._names = frozenset(names)
        self._suffixes = (*RESERVED, *suffixes, *(name[1:] for name in names if name.startswith("*.")))
        self._known: set[str] = set()

    def allow(self, host: str) -> bool:
        """Judge the value of a Host header, its port included."""
        if host in self._known:
            return True
        allowed = self._judge(host)
        if allowed and len(self._known) < MOST_KNOWN:
            self._known.add(host)
        return allowed

    def _judge(self, host: str) -> bool:
        match = HOST.fullmatch(host)
        if match is None:
            return False
        name = (match[1] or match[2]).lower().removesuffix(".")
        if self._all or "." not in name or name in self._names or name.endswith(self._suffixes):
            return bool(name)
        return _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def cluster_suffixes(resolv_conf: str) -> list[str]:
    """Return the endings of names in this cluster, from the search list that the kubelet writes.

    A namespace alone is one only where it cannot be a top-level domain, as `dev` is: those have no digit or hyphen.
    """
    domains, namespaces = _searched(resolv_conf)
    own = [name for name in namespaces if NO_DOMAIN.search(name)]
    return [f".{kind}.{domain}" for kind in ("svc", "pod") for domain in domains] + [f".{name}" for name in own]


def names_of_the_services(resolv_conf: str) -> list[str]:
    """Return the usual names of both Services with this Pod's namespace, whatever that is."""
    _, namespaces = _searched(resolv_conf)
    return [f"k8-chatroulette-{side}.{namespace}" for side in ("back", "front") for namespace in namespaces]


def _searched(resolv_conf: str) -> tuple[list[str], list[str]]:
    """Return the cluster's domains and this Pod's namespace: `search <namespace>.svc.<domain> svc.<domain> …`."""
    searched = next((line.split()[1:] for line in resolv_conf.splitlines() if line.startswith("search ")), [])
    domains = [name.removeprefix("svc.") for name in searched if name.startswith("svc.")]
    namespaces = [name.removesuffix(f".svc.{domain}") for domain in domains for name in searched]
    return domains, [name for name in namespaces if "." not in name]


def names_of_this_host(hosts_file: str) -> list[str]:
    """Return the names that /etc/hosts gives to loopback: the kubelet writes a Pod's `hostAliases` there."""
    rows = [line.partition("#")[0].split() for line in hosts_file.splitlines()]
    return [name for address, *names in filter(None, rows) if address in LOOPBACK for name in names]


def install(app: Flask, settings: ServiceSettings) -> None:
    """Refuse requests to other names, and changes that another site asks for."""
    allowed = (settings.allowed_hosts or "").split(",") + names_of_this_host(_text("/etc/hosts"))
    resolv_conf = _text("/etc/resolv.conf")
    hosts = AllowedHosts([*allowed, *names_of_the_services(resolv_conf)], cluster_suffixes(resolv_conf))

    def check() -> Response | None:
        environ = request.environ
        host, target = environ.get("HTTP_HOST"), environ.get("RAW_URI", "/")
        if host is None and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
            return problem(400, "The request has no Host header.")
        named = [host or "localhost", *([_authority(target)] if ABSOLUTE.match(target) else [])]
        for name in named:
            if not hosts.allow(name) and request.path not in PATHS:
                return problem(421, _hint(name))
        if request.method in SAFE_METHODS or comes_from_here(hosts, request.headers, host):
            return None
        return problem(403, "Only this service's own page may ask for that, not another site.")

    app.before_request(check)


def comes_from_here(hosts: AllowedHosts, headers: Headers, host: str | None) -> bool:
    """Tell whether a browser sent the request for a page of this very origin, or no browser did.

    https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header; browsers leave it out where the page came over plain
    HTTP from elsewhere than localhost, and then Origin decides.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none") and (origin in (None, "null") or hosts.allow(_authority(origin)))
    return origin is None or _authority(origin) == host


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _hint(host: str) -> str:
    name = HOST.fullmatch(host)
    if name is None:
        return "The Host header is no name of a host."
    added = f"ALLOWED_HOSTS={name[1] or name[2]} in its environment adds it"
    return f"{host} is none of the names that this service answers to; {added}."
