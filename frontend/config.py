"""The settings, read from the environment in one place and checked at start."""

from __future__ import annotations

import colorsys
import hashlib
import ipaddress
import os
import re
import socket
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "k8-chatroulette-front"
DEFAULT_BACKEND = "http://k8-chatroulette-back:3000"

Seconds = Annotated[float, msgspec.Meta(ge=0.05, le=60)]

RULES = {
    "BACKEND_URL": f"an http address without a path, such as {DEFAULT_BACKEND}",
    "BACKEND_CONNECT_SECONDS": "a number of seconds from 0.05 to 60",
    "BACKEND_READ_SECONDS": "a number of seconds from 0.05 to 60",
    "DRAIN_SECONDS": "a number of seconds, 0 or more, at least 3 less than GRACE_SECONDS",
    "GRACE_SECONDS": "a number of seconds from 4 to 3600",
    "PORT": "a port from 1 to 65535",
    "BIND": "an IP address to listen on, such as 0.0.0.0",
    "LOG_LEVEL": "one of debug, info, warning and error",
    "COLOUR": "a colour such as #c8553d",
    "FAULTS": "on or off",
    "MAX_STREAMS": "a number of event streams from 1 to 3000",
}


class ConfigError(ValueError):
    """A setting is wrong; the text is one line that names it."""


class Address(msgspec.Struct, frozen=True):
    """Where the backend is said to be."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address without a trailing slash, IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_ip(self) -> bool:
        """Tell whether the host is an address, or `localhost`: no Service is behind it by name."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.host == "localhost"
        return True

    @property
    def headless(self) -> Address:
        """The headless Service beside the Service, whose name gives the Pods' own addresses, ready or not."""
        name, dot, rest = self.host.partition(".")
        return Address(f"{name}-pods{dot}{rest}", self.port)


class Config(msgspec.Struct, frozen=True, rename="upper"):
    """Every setting, its default and its limits; names in the environment are these in capitals."""

    backend_url: str = DEFAULT_BACKEND
    backend_connect_seconds: Seconds = 2.0
    backend_read_seconds: Seconds = 10.0
    drain_seconds: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    grace_seconds: Annotated[float, msgspec.Meta(ge=4, le=3600)] = 30.0
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8080
    bind: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F.:]+$")] = "0.0.0.0"  # noqa: S104 - a Pod has its own address
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    faults: Literal["on", "off"] = "off"
    max_streams: Annotated[int, msgspec.Meta(ge=1, le=3000)] = 2400
    version: str = "0.0.0+local"
    commit: str = "unknown"
    build_time: str = "unknown"
    colour: Annotated[str, msgspec.Meta(pattern="^(#[0-9a-fA-F]{6})?$")] = ""
    pod_name: str = ""
    pod_namespace: str = ""

    @property
    def backend_address(self) -> Address:
        """`BACKEND_URL` taken apart."""
        return parse_address(self.backend_url)

    @property
    def pod(self) -> str:
        """The Pod's name; outside a Pod the host's."""
        return self.pod_name or socket.gethostname()

    @property
    def effective_colour(self) -> str:
        """`COLOUR`, else the version's own: as the backend derives it, so that equal versions look equal."""
        hue = int.from_bytes(hashlib.sha256(self.version.encode()).digest()[:2]) / 65536
        channels = colorsys.hls_to_rgb(hue, 0.42, 0.6)
        return self.colour or "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)

    @property
    def bind_address(self) -> str:
        """The address and port as gunicorn takes them."""
        return f"[{self.bind}]:{self.port}" if ":" in self.bind else f"{self.bind}:{self.port}"


def parse_address(url: str) -> Address:
    """Take `http://host[:port][/]` apart; raises ConfigError for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    bare = host and not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if not (host and bare and parts.scheme == "http" and port != 0 and re.fullmatch(r"[\w.:%-]+", host)):
        raise ConfigError(invalid("BACKEND_URL", url))
    return Address(host, port or 80)


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read and check the settings; an empty value counts as absent. Raises ConfigError."""
    source = os.environ if environ is None else environ
    known = set(Config.__struct_encode_fields__)
    values = {name: source[name] for name in known & source.keys() if source[name]}
    try:
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:
        path = re.search(r"\$\.(\w+)", str(error))
        name = path[1] if path else "configuration"
        raise ConfigError(invalid(name, values.get(name, ""))) from None
    parse_address(config.backend_url)
    if config.drain_seconds > config.grace_seconds - 3:
        raise ConfigError(invalid("DRAIN_SECONDS", values.get("DRAIN_SECONDS", str(config.drain_seconds))))
    return config


def invalid(name: str, value: str) -> str:
    """Say in one line which setting is wrong and what it must be."""
    return f"{name}={value!r} cannot be used: it should be {RULES.get(name, 'valid')}"
