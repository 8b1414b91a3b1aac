"""Everything that the environment can set, read and validated here and nowhere else."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from service_runtime import environment
from service_runtime.environment import Port, ServiceSettings, Text

Count = Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]
AloneSeconds = Annotated[float, Meta(ge=0, le=600, description="a number of seconds from 0 to 600")]
AbsentSeconds = Annotated[float, Meta(ge=2, le=3600, description="a number of seconds from 2 to 3600")]
Maximum = Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
RedisUrl = Annotated[
    str,
    Meta(
        pattern=r"^(rediss?://([^\s/@]*@)?(\[[0-9a-fA-F:.]+\]|[^\s/@:\[\]]+)(:(?!0+[/?]|0+$)[0-9]{1,5})?(/[0-9]{1,4})?|unix:///[^\s?@]+)"
        r"(\?\S*)?$",
        description="an address such as redis://redis:6379/0",
    ),
]
Directory = Annotated[str, Meta(pattern=r"^/", max_length=256, description="the absolute path of a directory")]

OPTIONS = re.compile(r"[?#]")
"""Where a URL's options begin."""


def without_password(url: str, mark: str = "") -> str:
    """Return the address of a Redis, even a wrong one, as it may be shown; `mark` stands for what is left out.

    Both the part before the host and the options can hold a password.
    """
    scheme, rest = url.split("://", 1) if "://" in url else ("", url)
    location, *options = OPTIONS.split(rest, maxsplit=1)
    user, _, host = location.rpartition("@")
    if options and "@" in options[0]:
        # A password may end there, or not: nobody can tell.
        host = ""
    shown = f"{mark and user and f'{mark}@'}{host}{mark if options else ''}"
    return f"{scheme}://{shown}" if "://" in url else shown


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """One field a variable, besides those of every service.

    Seconds are seconds; `cpu_request_millicores` and `memory_request_bytes` come from the downward API
    (`resourceFieldRef` with divisors `1m` and `1`): no cgroup file tells what was requested.
    """

    port: Port = 3000

    redis_url: RedisUrl | None = None
    alone_seconds: AloneSeconds = 3.0
    absent_seconds: AbsentSeconds = 20.0
    max_visitors: Maximum = 5000
    max_chats: Maximum = 2500

    state_dir: Directory = "/tmp"  # noqa: S108 - in a Pod an emptyDir of its own, which outlives its containers

    pod_ip: Text | None = None
    pod_ips: Text | None = None
    node_name: Text | None = None
    host_ip: Text | None = None
    service_account: Text | None = None
    container_name: Text | None = None
    cpu_request_millicores: Count | None = None
    memory_request_bytes: Count | None = None


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `env` (the process's own by default); raise `ConfigError` for the first wrong one."""
    return environment.read(Settings, env, redact={"REDIS_URL": partial(without_password, mark="…")})
