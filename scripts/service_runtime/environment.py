"""Settings read from environment variables and validated at start."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from service_runtime.open_files import Capacity, capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Port = Annotated[int, Meta(ge=1, le=65535, description="a whole number from 1 to 65535")]
Address = Annotated[
    str, Meta(pattern=r"^[0-9a-fA-F.:]+$", description="an IP address to listen on, such as 0.0.0.0 or 127.0.0.1")
]
DrainSeconds = Annotated[float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")]
GraceSeconds = Annotated[float, Meta(ge=4, le=3600, description="a number of seconds from 4 to 3600")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"], Meta(description="one of debug, info, warning and error")
]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$", description="a colour such as #c2410c")]
Switch = Annotated[Literal["on", "off"], Meta(description="on or off")]
Text = Annotated[
    str,
    Meta(max_length=256, description="a text of at most 256 characters, no control characters, no blanks around it"),
]
Hosts = Annotated[
    str,
    Meta(
        pattern=r"^ *(\*|(\*\.)?[0-9A-Za-z._-]+)( *, *(\*|(\*\.)?[0-9A-Za-z._-]+))* *$",
        description="names of hosts without ports, such as cats.example.org,*.lab.example.org, or * for all",
    ),
]
MaxStreams = Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]

BLANK = re.compile(r"^\s|\s\Z|[\x00-\x1f\x7f]")
"""Around a value or within it: what no setting has, and nobody sees in a manifest."""

T = TypeVar("T", bound=msgspec.Struct)


class ConfigError(ValueError):
    """A variable whose value cannot be used; its text is one line: name, value, what would be right."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: it should be {expected}")


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The variables of every service: `drain_seconds` is `DRAIN_SECONDS`."""

    FILES_PER_STREAM: ClassVar[int] = 1

    port: Port
    bind: Address = "0.0.0.0"  # noqa: S104 - in a Pod only the Pod's own address is there to be bound
    log_level: LogLevel = "info"
    drain_seconds: DrainSeconds = 5.0
    grace_seconds: GraceSeconds = 30.0
    faults: Switch = "off"
    allowed_hosts: Hosts | None = None
    max_streams: MaxStreams = 2400

    version: Text = "0.0.0+local"
    commit: Text = "unknown"
    build_time: Text = "unknown"
    colour: Colour | None = None

    pod_name: Text | None = None
    pod_namespace: Text | None = None

    def __post_init__(self) -> None:
        """Raise ConfigError for no address, and where the drain leaves no time for what is under way."""
        try:
            ipaddress.ip_address(self.bind)
        except ValueError:
            raise ConfigError("BIND", self.bind, description(Address)) from None
        if self.drain_seconds > self.grace_seconds - 3:
            expected = f"at most {self.grace_seconds - 3:g}, three seconds less than GRACE_SECONDS"
            raise ConfigError("DRAIN_SECONDS", f"{self.drain_seconds:g}", expected)

    @property
    def pod(self) -> str:
        """The Pod's name; outside a Pod the host's."""
        return self.pod_name or socket.gethostname()

    @property
    def capacity(self) -> Capacity:
        """How many connections this process can hold with the files that it may open."""
        return capacity(self.max_streams, self.FILES_PER_STREAM)

    @property
    def listen(self) -> str:
        return f"[{self.bind}]:{self.port}" if ":" in self.bind else f"{self.bind}:{self.port}"


def read(
    kind: type[T], env: Mapping[str, str] | None = None, redact: Mapping[str, Callable[[str], str]] | None = None
) -> T:
    """Return the settings in `env` (the process's own by default); an empty variable counts as absent.

    Raises `ConfigError` for the first wrong one; `redact` has what may be shown of a secret variable's value.
    """
    env = os.environ if env is None else env
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        name = field.name.upper()
        if text := env.get(name):
            try:
                values[field.name] = _convert(text, field.type)
            except msgspec.ValidationError:
                shown = (redact or {}).get(name, str)(text)
                raise ConfigError(name, shown, description(field.type)) from None
    return kind(**values)


def _convert(text: str, kind: Any) -> Any:
    if BLANK.search(text):
        raise msgspec.ValidationError
    return msgspec.convert(text, kind, strict=False)


def description(kind: Any) -> str:
    metas = [meta for part in (kind, *get_args(kind)) for meta in getattr(part, "__metadata__", ())]
    return next(str(meta.description) for meta in metas)
