"""How many connections a process can hold: each is an open file, and the kernel limits those (getrlimit(2))."""

import resource

import msgspec

OTHER_REQUESTS = 1600
"""Beside the streams."""
OTHER_FILES = 200
"""Those of Python and its libraries, and the connections that wait in reserve."""


class Capacity(msgspec.Struct, frozen=True):
    """The event streams and the connections in all that fit into the limit of open files."""

    streams: int
    connections: int
    open_files: int


def capacity(streams: int, files_per_stream: int, hard: int | None = None) -> Capacity:
    """Fit the streams that are asked for into the hard limit, the process's own by default."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if hard is None else hard
    wanted = files_per_stream * (streams + OTHER_REQUESTS) + OTHER_FILES
    files = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    connections = max(2, (files - OTHER_FILES) // files_per_stream)
    return Capacity(min(streams, max(1, connections * 3 // 5)), connections, files)


def raise_limit(files: int) -> None:
    """Raise the soft limit to so many: a container often starts with 1,024 of a million."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
