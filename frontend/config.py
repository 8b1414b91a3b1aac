"""Settings, read from the environment and validated at start."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from service_runtime import environment
from service_runtime.environment import ConfigError, Port, ServiceSettings

NAME = "k8-chatroulette-front"

BackendUrl = Annotated[
    str, Meta(description="an http address without a path, such as http://k8-chatroulette-back:3000")
]
Timeout = Annotated[float, Meta(ge=0.05, le=60, description="a number of seconds from 0.05 to 60")]
ReadTimeout = Annotated[
    float, Meta(ge=6, le=60, description="a number of seconds from 6 to 60: the backend's streams beat every 5")
]


HOST = re.compile(r"[0-9A-Za-z_.:%-]+")


def without_password(url: str) -> str:
    """Return even a wrong URL as it may be shown: what is before the host can be a secret."""
    scheme, mark, rest = url.rpartition("://")
    return f"{scheme}{mark}{'…@' if '@' in rest else ''}{rest.rpartition('@')[2]}"


class Address(msgspec.Struct, frozen=True):
    """Host and port of the backend."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL without a trailing slash, IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_ip(self) -> bool:
        """Tell whether the host is an IP address, or `localhost`: no Service is behind it by name."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.host == "localhost"
        return True

    @property
    def headless(self) -> "Address":
        """The headless Service beside the Service, whose name has the Pods' own IP addresses, ready or not."""
        name, dot, rest = self.host.partition(".")
        return Address(f"{name}-pods{dot}{rest}", self.port)


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """One field a variable, besides those of every service; a stream is a connection on both sides."""

    FILES_PER_STREAM: ClassVar[int] = 2

    port: Port = 8080
    backend_url: BackendUrl = "http://k8-chatroulette-back:3000"
    backend_connect_seconds: Timeout = 2.0
    backend_read_seconds: ReadTimeout = 10.0

    @property
    def backend_address(self) -> Address:
        """The address in `BACKEND_URL`. Raises ConfigError for anything but `http://host[:port][/]`."""
        try:
            parts = urlsplit(self.backend_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        else:
            extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
            if extra or parts.scheme != "http" or port == 0:
                host = ""
        if not HOST.fullmatch(host):
            raise ConfigError("BACKEND_URL", without_password(self.backend_url), environment.description(BackendUrl))
        return Address(host, port or 80)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `environ` (the process's own by default). Raises ConfigError for the first invalid one."""
    settings = environment.read(Settings, environ, redact={"BACKEND_URL": without_password})
    _ = settings.backend_address
    return settings
