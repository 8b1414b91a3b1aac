"""Try addresses from where this runs, and tell what is to be seen around: one file, standard library, Python >= 3.9.

Run it as ``python3 -I -c SOURCE '{"cells": [{"id": "a", "host": "cats", "port": 80, "how": "connect"}]}'``: it prints
one line of JSON, ``{"cells": {id: a Measurement}, "sees": what surrounds it}``. All cells are tried at once; a connect
has 2 s, everything 4 s, or as many as ``"seconds"`` beside the cells says; what is late then or went elsewhere is tried
``"again"`` so many times. Like curl it tries every address of a name, in the resolver's order. It asks the backend who
it is (``GET /whoami``): a plain answer from anything else is ``elsewhere``. In a host, POD_IP after a dollar stands for
the variable of that name, DASHED_POD_IP for it with dashes: an init container learns the address no earlier.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT = 2.0
ALL = {"seconds": 4.0}
ASK_DNS = 1.0
ATTEMPTS = 2
PAUSE = 1.0  # second between two rounds: kube-proxy may not know a new Service yet
UNSURE = {"timeout", "elsewhere"}
LEFT = 0.5  # seconds to find and reach an address: what is over then is an answer that does not come
MOST = 65536
DNS_PORT = 53
REFUSED = {"ECONNREFUSED", "EADDRNOTAVAIL", "EAFNOSUPPORT"}  # the last two: this kernel has no such address, or no IPv6
RESET = {"ECONNRESET", "EPIPE", "ECONNABORTED"}
SILENT = {"ETIMEDOUT", ""}  # a socket's own time-out carries no number
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
SILENCE = "no answer"
NO_WORD = {SILENCE, "SERVFAIL", "REFUSED"}  # a server that does not know: that is no "there is no such name"
LISTEN = "0A"
LOCK = threading.Lock()
DIALLED: dict[tuple[str, int], threading.Lock] = {}
FAILED: dict[tuple[str, int], OSError] = {}
NAMED: dict[str, threading.Lock] = {}
KNOWN: dict[str, dict[str, Any]] = {}


def main(words: list[str]) -> str:
    """Return the answer to what was asked, as one line of JSON."""
    question = json.loads(words[0])
    ALL["seconds"] = question.get("seconds", ALL["seconds"])
    os.environ["RES_OPTIONS"] = f"timeout:{patience():.0f} attempts:{ATTEMPTS}"  # glibc's own: 5 s, more than there is
    return json.dumps({"cells": rounds(question["cells"], question.get("again", 0)), "sees": sees()})


def rounds(asked: list[dict[str, Any]], again: int) -> dict[str, Any]:
    """Try all cells, and again so many times those that may yet end otherwise."""
    known = expand(os.environ)
    found = measure(asked, known)
    for _ in range(again):
        unsure = [one for one in asked if found[one["id"]]["outcome"] in UNSURE]
        if not unsure:
            break
        time.sleep(PAUSE)
        FAILED.clear()
        KNOWN.clear()
        found.update(measure(unsure, known))
    return found


def patience() -> float:
    """Return how long to wait for one answer of a DNS server, in seconds: longer where there is more time in all."""
    return max(ASK_DNS, ALL["seconds"] / 4)


def measure(asked: list[dict[str, Any]], known: dict[str, str]) -> dict[str, Any]:
    """Try all cells at once; one that has not ended when the time is over is a time-out."""
    found: dict[str, Any] = {}
    began = time.monotonic()
    threads = [threading.Thread(target=keep, args=(found, one, known), daemon=True) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, began + ALL["seconds"] - time.monotonic()))
    late = {"outcome": "timeout", "detail": f"no end within {ALL['seconds']:g} s", "seconds": ALL["seconds"]}
    return {one["id"]: found.get(one["id"], late) for one in asked}


def keep(found: dict[str, Any], cell: dict[str, Any], known: dict[str, str]) -> None:
    """Try one cell and keep what came of it, with the seconds that it took."""
    began = time.monotonic()
    try:
        host = replaced(cell["host"], known)
        tried = HOWS[cell.get("how", "connect")](host, cell.get("port", 0))
    except (LookupError, ValueError, OSError) as error:
        tried = {"outcome": "unmeasured", "detail": f"{type(error).__name__}: {error}"}
    found[cell["id"]] = {**tried, "seconds": round(time.monotonic() - began, 4)}


def expand(env: Mapping[str, str]) -> dict[str, str]:
    """Return what stands for what in a host, as far as the environment knows."""
    ip = env.get("POD_IP", "")
    return {"$DASHED_POD_IP": ip.replace(".", "-").replace(":", "-"), "$POD_IP": ip}


def replaced(host: str, known: dict[str, str]) -> str:
    """Put the Pod's address into a host; raises LookupError where it is not known."""
    for name, value in known.items():
        if name in host and not value:
            raise LookupError(f"{name[1:]} is not in the environment")
        host = host.replace(name, value)
    return host


def connect(host: str, port: int) -> dict[str, Any]:
    """Connect to the first address of the host that takes it, and ask who answers; the last failure counts."""
    looked = getent(host)
    if looked["outcome"] != "resolves":
        return looked
    said: list[str] = []
    for address in looked["resolved"]:
        try:
            line = dial(address, port)
        except OSError as error:
            tried = failure(error)
            said.append(f"{address}: {tried['detail']}")
        else:
            return {**ask(line, host, port), "resolved": looked["resolved"]}
    return {**tried, "detail": "; ".join(said), "resolved": looked["resolved"]}


def getent(host: str, _port: int = 0) -> dict[str, Any]:
    """Ask the C library, which looks into the hosts file and then asks DNS, as ``getent ahosts`` does; a name once."""
    with LOCK:
        one_at_a_time = NAMED.setdefault(host, threading.Lock())
    with one_at_a_time:
        if host not in KNOWN:
            KNOWN[host] = looked_for(host)
        return KNOWN[host]


def looked_for(host: str) -> dict[str, Any]:
    """Look a name up."""
    try:
        found = socket.getaddrinfo(host.encode() if host.isascii() else host, 0, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        return {"outcome": "no-name", "detail": str(error)}
    except socket.gaierror as error:  # a server that says nothing, or that it failed, has not said that there is none
        silent = error.errno == socket.EAI_AGAIN and not denied(host)
        return {"outcome": "timeout" if silent else "no-name", "detail": str(error)}
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    return {"outcome": "resolves", "who": addresses[0], "detail": " ".join(addresses), "resolved": addresses}


def dial(address: str, port: int) -> socket.socket:
    """Connect to one address; raises OSError, the same one for all cells that lead to an address which fails.

    A Service without endpoints is refused by ICMP, of which Linux sends one peer no more than six at once and then one
    a second (icmp(7), ``icmp_ratelimit``): to dial again for each of a Service's names would end in time-outs.
    """
    with LOCK:
        one_at_a_time = DIALLED.setdefault((address, port), threading.Lock())
    with one_at_a_time:
        if (address, port) in FAILED:
            raise FAILED[address, port]
        try:
            return connected(address, port)
        except OSError as error:
            FAILED[address, port] = error
            raise


def connected(address: str, port: int) -> socket.socket:
    """Connect to one address within 2 s; raises OSError."""
    line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.settimeout(CONNECT)
        line.connect((address, port))
    except OSError:
        line.close()
        raise
    return line


def ask(line: socket.socket, host: str, port: int) -> dict[str, Any]:
    """Send one request, and tell who answered or what went wrong."""
    text = f"GET /whoami HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    try:
        with line:
            line.sendall(text.encode())
            return answer(received(line))
    except OSError as error:
        tried = failure(error)
        return {**tried, "detail": f"connected, then {tried['detail']}"}


def received(line: socket.socket) -> bytes:
    """Read an answer to its end, or to its first 64 KiB, as long as there is time."""
    until, data = time.monotonic() + ALL["seconds"] - LEFT, b""
    while len(data) < MOST and not complete(data):
        line.settimeout(max(0.01, until - time.monotonic()))
        more = line.recv(MOST)
        if not more:
            break
        data += more
    return data


def complete(data: bytes) -> bool:
    """Tell whether an answer has all that it says it has: kubectl's forward ends a connection a second late."""
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(sizes) and sizes[0].strip().isdigit() and b"\r\n\r\n" in data and len(body) >= int(sizes[0])


def answer(data: bytes) -> dict[str, Any]:
    """Tell who answered: the backend says its Pod; whatever else there is has its first line quoted."""
    if not data:
        return {"outcome": "reset", "detail": "the connection was closed without an answer"}
    head, _, body = data.partition(b"\r\n\r\n")
    first = head.split(b"\r\n")[0].decode(errors="replace")[:120]
    try:
        pod = json.loads(body)["pod"]
    except (ValueError, LookupError, TypeError):
        said = " ".join(body.decode(errors="replace").split())[:120]
        return {"outcome": "elsewhere", "detail": f"{first} {said}".strip()}
    return {"outcome": "answers", "who": str(pod), "detail": first}


def failure(error: OSError) -> dict[str, Any]:
    """Tell refused, reset and timed out apart by the error's number; without a way there it is ``elsewhere``."""
    name = errno_name(error.errno)
    detail = f"errno {error.errno}, {error.strerror}" if error.errno else str(error)
    for outcome, names in (("refused", REFUSED), ("reset", RESET), ("timeout", SILENT)):
        if name in names:
            return {"outcome": outcome, "detail": detail}
    return {"outcome": "elsewhere", "detail": detail}


def errno_name(number: int | None) -> str:
    """Return an error's name, as numbers differ from system to system; empty for none."""
    import errno  # noqa: PLC0415 - beside its only use

    return errno.errorcode.get(number, str(number)) if number else ""


def nslookup(host: str, _port: int = 0) -> dict[str, Any]:
    """Ask DNS alone, past the hosts file: the search list and ndots of resolv.conf decide which names are asked."""
    servers, search, ndots = resolver(read("/etc/resolv.conf"))
    said = []
    for name in candidates(host, search, ndots):
        word, addresses = look_up(name, servers)
        if addresses:
            return {"outcome": "resolves", "who": addresses[0], "detail": f"{name}: {word}", "resolved": addresses}
        said.append((name, word))
    # A no counts where any server gave one: the bare name is asked of others than the cluster's.
    silent = all(word in NO_WORD for _, word in said)
    detail = "; ".join(f"{name}: {word}" for name, word in said)
    return {"outcome": "timeout" if silent else "no-name", "detail": detail}


def denied(host: str) -> bool:
    """Tell whether DNS says no to each name that the search list makes of a host.

    A bare name leaves the cluster in the end, and what the world's servers do not say then is not the cluster's word.
    """
    servers, search, ndots = resolver(read("/etc/resolv.conf"))
    longer = [name for name in candidates(host, search, ndots) if name.rstrip(".") != host.rstrip(".")]
    return bool(longer) and all(look_up(name, servers)[0] == "NXDOMAIN" for name in longer)


def resolver(text: str) -> tuple[list[str], list[str], int]:
    """Read resolv.conf(5): name servers, search list, ndots."""
    servers, search, ndots = [], [], 1
    for line in text.splitlines():
        key, *values = line.split("#")[0].split() or [""]
        if key == "nameserver":
            servers += values[:1]
        elif key in {"search", "domain"}:
            search = values
        elif key == "options":
            ndots = next((int(one[6:]) for one in values if one.startswith("ndots:")), ndots)
    return servers or ["127.0.0.1"], search, ndots


def candidates(host: str, search: list[str], ndots: int) -> list[str]:
    """Return the full names to ask for, in order: as given first where it has enough dots."""
    if host.endswith("."):
        return [host]
    longer = [f"{host}.{domain.rstrip('.')}." for domain in search if domain != "."]
    return [f"{host}.", *longer] if host.count(".") >= ndots else [*longer, f"{host}."]


def look_up(name: str, servers: list[str]) -> tuple[str, list[str]]:
    """Ask the servers in turn for a name's IPv4 addresses; return the first answer's word, and the addresses."""
    try:
        query = question(name)
    except UnicodeError as error:  # a label of more than 63 characters cannot even be asked for, RFC 1035
        return str(error), []
    for server in servers * ATTEMPTS:
        try:
            reply = exchange(query, server)
        except OSError:
            continue
        return records(reply)
    return SILENCE, []


def question(name: str) -> bytes:
    """Return a query for the A records of a name, RFC 1035."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return os.urandom(2) + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + asked + struct.pack(">HH", 1, 1)


def exchange(query: bytes, server: str) -> bytes:
    """Send a query by UDP, and return the reply of the same number; raises OSError where none comes in time."""
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(patience())
        line.connect((server, DNS_PORT))
        line.send(query)
        reply = line.recv(MOST)
        while reply[:2] != query[:2]:
            reply = line.recv(MOST)
        return reply


def records(reply: bytes) -> tuple[str, list[str]]:
    """Return the reply's code as a word, and its A records; raises ValueError for what is no reply."""
    try:
        _, flags, questions, answers = struct.unpack(">HHHH", reply[:8])
        at, addresses = 12, []
        for _ in range(questions):
            at = past_name(reply, at) + 4
        for _ in range(answers):
            at = past_name(reply, at)
            kind, _, _, size = struct.unpack(">HHIH", reply[at : at + 10])
            if kind == 1:
                addresses.append(socket.inet_ntoa(reply[at + 10 : at + 10 + size]))
            at += 10 + size
    except (struct.error, IndexError, OSError) as error:
        raise ValueError(f"not a reply of DNS: {error}") from None
    code = flags & 15
    return RCODES.get(code, f"code {code}") if code else " ".join(addresses) or "no A record", addresses


def past_name(reply: bytes, at: int) -> int:
    """Return where a name ends; a pointer (two high bits) ends it."""
    while reply[at]:
        if reply[at] >= 0xC0:  # noqa: PLR2004 - RFC 1035, 4.1.4
            return at + 2
        at += reply[at] + 1
    return at + 1


def sees() -> dict[str, Any]:
    """Return what surrounds this process: its network namespace, files that decide on names, and listening sockets."""
    return {
        "netns": link("/proc/self/ns/net"),
        "hosts": read("/etc/hosts"),
        "resolv": read("/etc/resolv.conf"),
        "hostname": socket.gethostname(),
        "cgroup": read("/proc/self/cgroup"),
        "sockets": listening(read("/proc/net/tcp"), 4) + listening(read("/proc/net/tcp6"), 16),
    }


def listening(table: str, size: int) -> list[dict[str, str]]:
    """Return the listening sockets of a table of proc_net(5), ``size`` bytes an address, each with its own line."""
    found = []
    for line in table.splitlines()[1:]:
        words = line.split()
        if words[3] == LISTEN:
            found.append({"address": decoded(words[1], size), "line": line.rstrip()})
    return found


def decoded(word: str, size: int) -> str:
    """Turn the kernel's hexadecimal ``0100007F:0BB8`` into ``127.0.0.1:3000``: words of 32 bits in its own order."""
    address, _, port = word.partition(":")
    raw = b"".join(struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, size * 2, 8))
    text = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)  # noqa: PLR2004 - IPv4's bytes
    return f"[{text}]:{int(port, 16)}" if ":" in text else f"{text}:{int(port, 16)}"


def read(path: str) -> str:
    """Return a file's text; empty where there is none, as on other systems than Linux."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - pathlib costs 20 ms to import
            return file.read()
    except OSError:
        return ""


def link(path: str) -> str:
    """Return where a symbolic link leads; empty where there is none."""
    try:
        return os.readlink(path)  # noqa: PTH115 - the same
    except OSError:
        return ""


HOWS: dict[str, Callable[[str, int], dict[str, Any]]] = {"connect": connect, "getent": getent, "nslookup": nslookup}

if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
    sys.stdout.flush()
    os._exit(0)  # a look-up that hangs must not hold this up
