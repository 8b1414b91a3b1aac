"""Everything that the environment can set, read and validated here and nowhere else."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Mapping

Port = Annotated[int, Meta(ge=1, le=65535, description="a whole number from 1 to 65535")]
Address = Annotated[
    str, Meta(pattern=r"^[0-9a-fA-F.:]+$", description="an IP address to listen on, such as 0.0.0.0 or 127.0.0.1")
]
Drain = Annotated[float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")]
Grace = Annotated[float, Meta(ge=4, le=3600, description="a number of seconds from 4 to 3600")]
Level = Annotated[
    Literal["debug", "info", "warning", "error"], Meta(description="one of debug, info, warning and error")
]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$", description="a colour such as #c2410c")]
Amount = Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]
Alone = Annotated[float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")]
Absent = Annotated[float, Meta(ge=2, le=3600, description="a number of seconds from 2 to 3600")]
Most = Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
RedisUrl = Annotated[
    str,
    Meta(
        pattern=r"^(rediss?://([^\s/@]*@)?(\[[0-9a-fA-F:.]+\]|[^\s/@:\[\]]+)(:\d{1,5})?(/\d{1,4})?|unix:///[^\s?@]+)"
        r"(\?\S*)?$(?!\n)",
        description="an address such as redis://redis:6379/0",
    ),
]
Switch = Annotated[Literal["on", "off"], Meta(description="on or off")]
Directory = Annotated[str, Meta(pattern=r"^/", max_length=256, description="the absolute path of a directory")]
Text = Annotated[str, Meta(max_length=256, description="a text of at most 256 characters")]

OPTIONS = re.compile(r"[?#]")
"""Where a URL's options begin."""


def without_password(url: str, mark: str = "") -> str:
    """Return the address of a Redis, even a wrong one, as it may be shown; `mark` stands for what is left out.

    Both the part before the host and the options can hold a password.
    """
    scheme, rest = url.split("://", 1) if "://" in url else ("", url)
    place, *options = OPTIONS.split(rest, maxsplit=1)
    user, _, host = place.rpartition("@")
    if options and "@" in options[0]:
        # A password may end there, or not: nobody can tell.
        host = ""
    shown = f"{mark and user and f'{mark}@'}{host}{mark if options else ''}"
    return f"{scheme}://{shown}" if "://" in url else shown


class ConfigError(ValueError):
    """A variable whose value cannot be used; its text is one line: name, value, what would be right."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        """Keep the variable's name, the value it had and what it should have been."""
        super().__init__(name, value, expected)
        self.name, self.value, self.expected = name, value, expected

    def __str__(self) -> str:
        """Return the line that is shown."""
        value = without_password(self.value, "…") if self.name == "REDIS_URL" else self.value
        return f"{self.name}={value!r} cannot be used: it should be {self.expected}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field a variable: `drain_seconds` is `DRAIN_SECONDS`. An empty variable counts as absent.

    Seconds are seconds; `cpu_request_millicores` and `memory_request_bytes` come from the downward API
    (`resourceFieldRef` with divisors `1m` and `1`): no cgroup file tells what was requested.
    """

    port: Port = 3000
    bind: Address = "0.0.0.0"  # noqa: S104 - in a Pod only the Pod's own address is there to be bound
    log_level: Level = "info"
    drain_seconds: Drain = 5.0
    grace_seconds: Grace = 30.0

    redis_url: RedisUrl | None = None
    alone_seconds: Alone = 3.0
    absent_seconds: Absent = 20.0
    max_visitors: Most = 5000
    max_chats: Most = 2500
    max_streams: Most = 2400

    faults: Switch = "off"
    state_dir: Directory = "/tmp"  # noqa: S108 - in a Pod an emptyDir of its own, which outlives its containers

    version: Text = "0.0.0+local"
    commit: Text = "unknown"
    build_time: Text = "unknown"
    colour: Colour | None = None

    pod_name: Text | None = None
    pod_namespace: Text | None = None
    pod_ip: Text | None = None
    pod_ips: Text | None = None
    node_name: Text | None = None
    service_account: Text | None = None
    container_name: Text | None = None
    cpu_request_millicores: Amount | None = None
    memory_request_bytes: Amount | None = None

    @property
    def pod(self) -> str:
        """The Pod's name; outside a Pod the host's."""
        return self.pod_name or socket.gethostname()

    @property
    def listen(self) -> str:
        """The address and port as gunicorn takes them."""
        return f"[{self.bind}]:{self.port}" if ":" in self.bind else f"{self.bind}:{self.port}"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `env` (the process's own by default); raise `ConfigError` for the first wrong one."""
    env = os.environ if env is None else env
    given = [(field, text) for field in msgspec.structs.fields(Settings) if (text := env.get(field.name.upper()))]
    settings = Settings(**{field.name: _convert(field.name.upper(), text, field.type) for field, text in given})
    if settings.drain_seconds > settings.grace_seconds - 3:
        expected = f"at most {settings.grace_seconds - 3:g}, three seconds less than GRACE_SECONDS"
        raise ConfigError("DRAIN_SECONDS", f"{settings.drain_seconds:g}", expected)
    return settings


def _convert(name: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        raise ConfigError(name, text, _description(kind)) from None


def _description(kind: Any) -> str:
    metas = [m for part in (kind, *get_args(kind)) for m in getattr(part, "__metadata__", ())]
    return next(str(m.description) for m in metas)
