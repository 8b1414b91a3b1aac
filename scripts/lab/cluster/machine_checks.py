"""What of this computer hurts a cluster although everything is installed, for ``lab doctor``; changes nothing.

Most are kind's known issues (kind.sigs.k8s.io/docs/user/known-issues).
"""

import contextlib
import ipaddress
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab import docker, host, ports
from lab.cluster import coredns
from lab.config import Settings
from lab.results import Requirement

GIB = 2**30
Info = Mapping[str, Any]
"""What ``docker info --format '{{json .}}'`` prints."""

_INOTIFY = {"max_user_instances": (16, 512), "max_user_watches": (8192, 524288)}
"""Of each limit: how many one cluster needs, and the value that kind recommends."""
_SKEW = 30.0
_PROC = Path("/proc")
_APPARMOR = Path("/sys/kernel/security/apparmor/profiles")


def requirements(settings: Settings) -> list[Requirement]:
    found = [*_inotify(), *proxies(os.environ), *_strangers(settings), *_search_domains(), *_apparmor()]
    if not (docker.installed() and docker.answers()):
        return found
    info = docker.info()
    network = docker.inspect("kind", "network", check=False)
    return [
        *found,
        *endpoint(docker.endpoint()),
        *docker_resources(info),
        *docker_kind(info, shutil.which("docker") or ""),
        *_docker_disk(info),
        *clock(info["SystemTime"], datetime.now(UTC)),
        *(overlaps(network, _routes()) if network else ()),
    ]


def inotify(name: str, limit: int, used: int | None) -> Requirement:
    """Tell whether enough is left of a limit, which all processes of a user share (man 7 inotify)."""
    needed, recommended = _INOTIFY[name]
    key = f"fs.inotify.{name}"
    enough = limit - (used or 0) >= needed
    in_use = "how many root uses is not visible to you" if used is None else f"root uses {min(used, limit)}"
    return Requirement(
        f"inotify {name.removeprefix('max_user_')}",
        enough,
        f"{key} is {limit}, {in_use}" + ("" if enough else ": kube-proxy and others end with “too many open files”"),
        f"sudo sysctl {key}={max(recommended, 2 * limit)}",
    )


def proxies(env: Mapping[str, str]) -> Iterator[Requirement]:
    """Tell whether a proxy in the environment would be asked for this computer's own addresses, as curl does."""
    found = [name for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") if env.get(name) or env.get(name.lower())]
    spared = {word.strip() for name in ("NO_PROXY", "no_proxy") for word in env.get(name, "").split(",")}
    if found:
        ok = "*" in spared or {"localhost", "127.0.0.1"} <= spared
        seen = f"{', '.join(found)} set, {'not asked' if ok else 'and asked too'} for localhost and 127.0.0.1"
        value = ",".join(filter(None, [*sorted(spared), "localhost", "127.0.0.1", "::1"]))
        yield Requirement("proxy", ok, seen, f"export NO_PROXY={value} no_proxy={value}")


def endpoint(address: str) -> Iterator[Requirement]:
    """Tell whether Docker's daemon is on this computer, whose ports and folders the cluster needs."""
    if docker.is_remote(address):
        seen = f"its daemon is on another machine ({address}): ports and mounts would be that machine's"
        yield Requirement("Docker's place", ok=False, seen=seen, fix="unset DOCKER_HOST; docker context use default")


def docker_resources(info: Info) -> Iterator[Requirement]:
    memory, cores = info["MemTotal"], info["NCPU"]
    fix = "Docker Desktop: Settings, Resources; on WSL: memory= in .wslconfig, then wsl --shutdown"
    seen = f"{memory / GIB:.1f} GiB, {cores} cores"
    yield Requirement("Docker's memory", memory >= 3 * GIB, seen, fix)


def docker_kind(info: Info, program: str) -> Iterator[Requirement]:
    """Tell kinds of Docker that need more than others: rootless, from snap; and the cgroup version."""
    options = " ".join(info.get("SecurityOptions") or [])
    version = str(info.get("CgroupVersion") or "1")
    rootless = "rootless" in options
    if rootless:
        ok = version == "2" and bool(info.get("CpuCfsQuota")) and bool(info.get("MemoryLimit"))
        seen = f"rootless, cgroup v{version}{'' if ok else ': a node needs v2 with cpu and memory delegated'}"
        fix = "Delegate=yes for user@.service: https://kind.sigs.k8s.io/docs/user/rootless"
        yield Requirement("rootless Docker", ok, seen, fix)
    if "/snap/" in f"{program}{info.get('DockerRootDir', '')}":
        seen = "from snap: it sees neither /tmp nor hidden folders such as ~/.cache"
        fix = "export LAB_CACHE=$HOME/lab-cache TMPDIR=$HOME/tmp; or `sudo snap remove docker`, then `make kind-up`"
        cache = os.environ.get("LAB_CACHE", "")
        yield Requirement("snap Docker", ok=bool(cache) and "/." not in cache, seen=seen, fix=fix)
    if version == "1" and not rootless:
        seen = "v1: Kubernetes 1.35 and later refuse it unless failCgroupV1 is false, as the lab's clusters have it"
        yield Requirement("cgroups", ok=True, seen=seen)


def clock(docker_time: str, now: datetime) -> Iterator[Requirement]:
    """Tell whether Docker's virtual machine has the time of this computer: it may stand still while that sleeps."""
    there = datetime.fromisoformat(docker_time[:19]).replace(tzinfo=UTC)
    skew = abs((there - now).total_seconds())
    if skew > _SKEW:
        seen = f"Docker's is {skew:.0f} s off: certificates are refused, probes are late"
        yield Requirement("clock", ok=False, seen=seen, fix="restart Docker Desktop; on WSL: sudo hwclock --hctosys")


def overlaps(network: Mapping[str, Any], routes: Sequence[tuple[str, str]]) -> Iterator[Requirement]:
    """Tell whether a route of this computer, such as a VPN's, has addresses of kind's Docker network.

    ``routes`` are pairs of network and interface; the network's own bridge does not count.
    """
    bridge = f"br-{network['Id'][:12]}"
    for config in network["IPAM"]["Config"] or []:
        subnet = ipaddress.ip_network(config["Subnet"])
        for route, interface in routes:
            other = ipaddress.ip_network(route)
            if interface != bridge and other.version == subnet.version and other.overlaps(subnet):
                seen = f"kind's network {subnet} overlaps {other} of {interface}: a VPN's or another Docker network's"
                fix = "make kind-down; docker network rm kind; docker network create --subnet 10.213.0.0/16 kind"
                yield Requirement("network", ok=False, seen=seen, fix=fix)


def search_domains(resolv_conf: str, ask: coredns.Ask) -> Iterator[Requirement]:
    """Name search domains whose servers answer every name: Pods inherit them, and what does not exist resolves."""
    for domain in coredns.answering_domains(resolv_conf, ask):
        seen = f"{domain} answers every name, and Pods inherit it: names that do not exist resolve there"
        fix = f"take {domain} out of `search` in /etc/resolv.conf; or end a full name with a dot"
        yield Requirement("search domain", ok=False, seen=seen, fix=fix)


def _inotify() -> Iterator[Requirement]:
    if host.is_linux():
        used = _inotify_in_use()
        for index, name in enumerate(_INOTIFY):
            limit = int((_PROC / "sys/fs/inotify" / name).read_text())
            yield inotify(name, limit, used[index] if used else None)


def _inotify_in_use() -> tuple[int, int] | None:
    """Count root's inotify instances and watches, which is whom containers count for; None where that is not seen."""
    if os.geteuid():
        return None
    instances = watches = 0
    for descriptor in _PROC.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it ended
            if str(descriptor.readlink()) == "anon_inode:inotify":
                instances += 1
                info = descriptor.parent.parent / "fdinfo" / descriptor.name
                watches += info.read_text().count("inotify wd:")
    return instances, watches


def _strangers(settings: Settings) -> Iterator[Requirement]:
    for port in (settings.front_port, settings.back_port):
        if name := ports.stranger(port):
            seen = f"{name} listens there, where a browser may go first for localhost"
            yield Requirement(f"[::1]:{port}", ok=False, seen=seen, fix=f"end it, or use 127.0.0.1:{port}")


def _search_domains() -> Iterator[Requirement]:
    with contextlib.suppress(OSError):
        yield from search_domains(Path("/etc/resolv.conf").read_text(), coredns.ask)


def _apparmor() -> Iterator[Requirement]:
    """Profiles go by a program's path, in containers too: one for the host's mysqld binds the course's (moby#7512)."""
    with contextlib.suppress(OSError):
        if "mysqld (enforce)" in _APPARMOR.read_text():
            fix = "sudo ln -s /etc/apparmor.d/usr.sbin.mysqld /etc/apparmor.d/disable/; sudo aa-remove-unknown"
            seen = "the host's profile for mysqld binds the database of the lessons too"
            yield Requirement("AppArmor", ok=False, seen=seen, fix=fix)


def _docker_disk(info: Info) -> Iterator[Requirement]:
    root = Path(info.get("DockerRootDir") or "/nowhere")
    with contextlib.suppress(OSError):  # in a virtual machine, or not open to us
        free = shutil.disk_usage(root).free
        fix = "docker system df names what takes it; docker system prune"
        yield Requirement("Docker's disk", free >= 4 * GIB, f"{free / GIB:.0f} GiB free in {root}", fix)


def _routes() -> list[tuple[str, str]]:
    """Read the IPv4 routes (proc(5)) but the default one, as pairs of network and interface."""
    found = []
    with contextlib.suppress(OSError):
        for line in (_PROC / "net/route").read_text().splitlines()[1:]:
            fields = line.split()
            address, mask = (ipaddress.ip_address(bytes.fromhex(fields[column])[::-1]) for column in (1, 7))
            if int(mask):
                found.append((f"{address}/{mask}", fields[0]))
    return found
