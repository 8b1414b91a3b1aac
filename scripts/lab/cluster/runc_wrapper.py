"""A Docker runtime: take away the capabilities that this host withholds, then be runc.

Where the capability bounding set has gaps, runc fails a privileged container with "unable to apply caps". Docker gives
the wanted set in the bundle's config.json (create, run) or in the file of `exec --process`.
Run alone, by a bare interpreter: it imports the standard library only.
"""

import json
import os
import sys
from pathlib import Path

# linux/capability.h, by number
NAMES = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""


def bounding_mask(status: str) -> int:
    """Return the bounding set of a ``/proc/…/status`` text, a bit a capability."""
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd"))


def bounding_set(status: str) -> set[str]:
    mask = bounding_mask(status)
    return {f"CAP_{name}" for number, name in enumerate(NAMES.split()) if mask >> number & 1}


def restrict(process: dict[str, object], allowed: set[str]) -> None:
    """Keep, in each of a process's capability sets, what is allowed."""
    sets = process.get("capabilities")
    if isinstance(sets, dict):
        for name, wanted in sets.items():
            sets[name] = [capability for capability in wanted if capability in allowed]


def find_spec(args: list[str]) -> tuple[Path | None, bool]:
    """Find the file that describes the process to start, and whether it describes a whole container."""
    if "exec" in args:
        flags = [word for word in ("--process", "-p") if word in args]
        return (Path(args[args.index(flags[0]) + 1]) if flags else None), False
    if "create" in args or "run" in args:
        bundle = args[args.index("--bundle") + 1] if "--bundle" in args else "."
        return Path(bundle) / "config.json", True
    return None, False


def main(args: list[str]) -> None:
    """Rewrite the description, then become runc."""
    path, is_container = find_spec(args)
    if path is not None:
        spec = json.loads(path.read_text())
        restrict(spec["process"] if is_container else spec, bounding_set(Path("/proc/self/status").read_text()))
        path.write_text(json.dumps(spec))
    os.execvp("runc", ["runc", *args])  # noqa: S606 - it replaces this program, there is no shell


if __name__ == "__main__":
    main(sys.argv[1:])
