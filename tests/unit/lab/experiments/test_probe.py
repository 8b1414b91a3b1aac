"""The probe as a real process against real sockets; what needs another resolver, in process."""

import ast
import contextlib
import importlib.util
import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lab.experiments.matrix import probe_protocol
from lab.experiments.model.cluster import Address

JSON = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"pod":"mina"}'


def run(*addresses, env=None, seconds=probe_protocol.SECONDS):
    """Run the probe as a vantage point does, and return its reply."""
    command = probe_protocol.command(addresses, sys.executable, seconds)
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, env=env)
    assert done.stderr == ""
    return probe_protocol.read(done.stdout)


@contextlib.contextmanager
def server(behave):
    """Listen, and let ``behave`` have each connection; yield the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def says(data, after=0.0):
    """Return what answers a request with these bytes."""

    def behave(connection):
        connection.recv(4096)
        time.sleep(after)
        connection.sendall(data)

    return behave


def resets(connection):
    """Read the request, and end the connection with a RST: nothing is left to linger."""
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def deaf():
    """Yield the port of a listener whose queue is full: the kernel drops what asks to connect."""
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(64):
            connection = opened.enter_context(socket.socket())
            connection.settimeout(0.3)
            try:
                connection.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        else:
            pytest.fail("the queue never filled")
        yield port


@contextlib.contextmanager
def nobody():
    """Yield a port that is taken, and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_outcomes_are_told_apart_and_all_at_once():
    """One after another, the slow ones would leave no time to the rest."""
    with (
        server(says(JSON)) as ours,
        server(says(b"HTTP/1.0 200 OK\r\n\r\n<h1>It works</h1>")) as foreign,
        server(says(b'HTTP/1.0 200 OK\r\n\r\n{"pod":"leo"}')) as unsized,
        server(resets) as hangs_up,
        server(says(b"")) as silent,
        server(lambda _: time.sleep(5)) as slow,
        deaf() as full,
        nobody() as closed,
    ):
        ports = {
            "slow": (slow, "timeout"),
            "full": (full, "timeout"),
            "ours": (ours, "answers"),
            "unsized": (unsized, "answers"),
            "foreign": (foreign, "elsewhere"),
            "reset": (hangs_up, "reset"),
            "silent": (silent, "reset"),
            "closed": (closed, "refused"),
        }
        cells = run(
            *(Address(name, "127.0.0.1", port) for name, (port, _) in ports.items()),
            Address("no-name", "no-such-name.invalid", 80),
            Address("getent", "localhost", 0, "getent"),
            Address("unknown", "127.0.0.1", 1, "forward"),
        ).cells
    outcomes = {name: outcome for name, (_, outcome) in ports.items()}
    assert {name: result.outcome for name, result in cells.items()} == {
        **outcomes,
        "no-name": "no-name",
        "getent": "resolves",
        "unknown": "unmeasured",
    }
    assert (cells["ours"].who, cells["unsized"].who) == ("mina", "leo")
    assert "It works" in cells["foreign"].detail
    assert "111" in cells["closed"].detail or sys.platform != "linux"
    assert cells["slow"].detail.startswith("connected, then")
    assert cells["unknown"].detail == "KeyError: 'forward'"


@pytest.mark.parametrize(("seconds", "outcome"), [(0.7, "timeout"), (6, "answers")])
def test_a_slow_app_has_the_time_that_is_asked_for(seconds, outcome):
    with server(says(JSON, after=0.8)) as port:
        assert run(Address("slow", "127.0.0.1", port), seconds=seconds).cells["slow"].outcome == outcome


def test_it_reads_its_own_surroundings():
    with server(says(JSON)) as port:
        around = run().surroundings
    (own,) = [entry for entry in around.sockets if entry.address == f"127.0.0.1:{port}"]
    assert f":{port:04X} " in own.line
    assert around.hostname == socket.gethostname()
    assert around.hosts == Path("/etc/hosts").read_text()
    assert re.fullmatch(r"net:\[\d+\]", around.netns)


def test_the_pod_s_address_comes_from_the_environment():
    with server(says(JSON)) as port:
        known = run(Address("ip", "$POD_IP", port), env={"POD_IP": "127.0.0.1"}).cells["ip"]
        dashed = run(Address("dns", "$DASHED_POD_IP.invalid", port), env={"POD_IP": "10.0.0.7"}).cells["dns"]
    unknown = run(Address("ip", "$POD_IP", 1), env={}).cells["ip"]
    assert (known.outcome, known.resolved) == ("answers", ("127.0.0.1",))
    assert dashed.outcome == "no-name"
    assert (unknown.outcome, "POD_IP" in unknown.detail) == ("unmeasured", True)


def test_the_program_runs_anywhere():
    """Plain ASCII; nothing that Kubernetes would expand in a command; Python 3.9, standard library alone."""
    source = probe_protocol.source()
    assert source.isascii()
    assert "$(" not in source
    assert "$$" not in source
    assert len(source) < 32_000
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)


@pytest.fixture
def probe():
    """Return the probe as a fresh module: it keeps what failed."""
    path = Path(probe_protocol.__file__).with_name("probe.py")
    spec = importlib.util.spec_from_file_location("probe_on_its_own", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_address_of_a_name_is_tried(probe, monkeypatch):
    with server(says(JSON)) as port:
        both = [(socket.AF_INET, 1, 6, "", (ip, port)) for ip in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(probe.socket, "getaddrinfo", lambda *_, **__: both)
        result = probe.connect({"host": "two-addresses", "port": port})
    assert (result["outcome"], result["who"], result["resolved"]) == ("answers", "mina", ["127.0.0.2", "127.0.0.1"])


def test_a_failure_names_every_address_and_a_dead_one_is_dialled_once(probe, monkeypatch):
    dialled = []

    def refuses(address, port):
        dialled.append((address, port))
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(probe, "connected", refuses)
    monkeypatch.setattr(probe, "resolve", lambda _: {"outcome": "resolves", "resolved": ["10.0.0.1", "::1"]})
    first, second = (probe.connect({"host": "both-dead", "port": 80}) for _ in range(2))
    assert first == second
    assert first["outcome"] == "refused"
    assert "10.0.0.1: errno 111" in first["detail"]
    assert "::1: errno 111" in first["detail"]
    assert dialled == [("10.0.0.1", 80), ("::1", 80)]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        pytest.param("EADDRNOTAVAIL", "refused", id="no IPv6 loopback"),
        pytest.param("ETIMEDOUT", "timeout", id="the kernel gives up"),
        pytest.param("ENETUNREACH", "elsewhere", id="no route at all"),
    ],
)
def test_an_error_s_number_decides(probe, number, outcome):
    import errno  # noqa: PLC0415 - beside its only use

    assert probe.failure(OSError(getattr(errno, number), "x"))["outcome"] == outcome


def test_what_has_not_ended_in_time_is_a_time_out(probe, monkeypatch):
    ended = threading.Event()
    monkeypatch.setitem(probe.LIMIT, "seconds", 0.1)
    monkeypatch.setitem(probe.HOWS, "getent", lambda _: {"outcome": f"{ended.wait(10)}"})
    result = probe.measure([{"id": "a", "host": "x", "how": "getent"}])["a"]
    ended.set()
    assert result["outcome"] == "timeout"


@pytest.mark.parametrize(
    ("word", "size", "text"),
    [
        pytest.param("00000000000000000000000001000000:0BB8", 16, "[::1]:3000", id="IPv6 loopback"),
        pytest.param("0000000000000000FFFF00000100007F:0BB8", 16, "[::ffff:127.0.0.1]:3000", id="mapped"),
    ],
)
def test_the_kernel_s_addresses_are_read(probe, word, size, text):
    if sys.byteorder == "big":
        word = re.sub(r"[0-9A-F]{8}", lambda word: bytes.fromhex(word[0])[::-1].hex().upper(), word)
    assert probe.decoded(word, size) == text


CLUSTER = "search cats.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10 # ours\noptions ndots:5 timeout:2\n"


@pytest.mark.parametrize(
    ("host", "ndots", "asked"),
    [
        pytest.param("back", 5, ["back.a.", "back.b.", "back."], id="short"),
        pytest.param("x.y", 1, ["x.y.", "x.y.a.", "x.y.b."], id="dots enough"),
        pytest.param("back.", 5, ["back."], id="full"),
    ],
)
def test_the_search_list_is_followed(probe, host, ndots, asked):
    assert probe.candidates(host, ["a", "b"], ndots) == asked


@contextlib.contextmanager
def dns(records, *, drops=0):
    """Serve these names' addresses by UDP, a name of none with NXDOMAIN; yield the port and what was asked."""
    asked = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    query, peer = sock.recvfrom(512)
                    if not query:
                        return
                    asked.append(_asked_for(query))
                    if len(asked) > drops:
                        sock.sendto(_reply(query, records.get(asked[-1])), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield sock.getsockname()[1], asked
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", sock.getsockname())
        thread.join(5)


def _asked_for(query):
    assert query[2:12] == b"\x01\0\0\1" + bytes(6), "one question, recursion desired"
    assert query[-4:] == b"\0\1\0\1", "an A record of the Internet"
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += query[at] + 1
    return ".".join(labels)


def _reply(query, addresses):
    flags = 0x8180 if addresses is not None else 0x8183
    listed = addresses or []
    alias = struct.pack(">HHHIH", 0xC00C, 5, 1, 5, 2) + b"\xc0\x0c"  # a CNAME before the addresses, as DNS has them
    answers = b"".join(struct.pack(">HHHIH", 0xC00C, 1, 1, 5, 4) + socket.inet_aton(address) for address in listed)
    head = query[:2] + struct.pack(">HHHHH", flags, 1, len(listed) + bool(listed), 0, 0)
    return head + query[12:] + (alias if listed else b"") + answers


@pytest.fixture
def asks(probe, monkeypatch):
    """Let the probe ask a DNS server on this port."""

    def make(port):
        monkeypatch.setattr(probe, "DNS_PORT", port)
        monkeypatch.setattr(probe, "read", lambda _: CLUSTER.replace("10.96.0.10", "127.0.0.1"))
        return probe

    return make


def test_without_a_resolv_conf_this_computer_is_asked(probe):
    assert probe.resolver("") == (["127.0.0.1"], [], 1)


def test_what_is_no_reply_is_an_error(probe):
    with pytest.raises(ValueError, match="not a reply of DNS"):
        probe.records(b"\0\0\x81\x80\0\1")


SUFFIX = ".cats.svc.cluster.local"


@pytest.mark.parametrize(
    ("host", "served", "outcome", "asked"),
    [
        pytest.param(
            "twin",
            ({"twin.svc.cluster.local": ["10.96.1.1", "10.96.1.2"]}, 0),
            "resolves",
            ["twin" + SUFFIX, "twin.svc.cluster.local"],
            id="the search list is followed to the address",
        ),
        pytest.param(
            "localhost",
            ({}, 0),
            "no-name",
            ["localhost" + SUFFIX, "localhost.svc.cluster.local", "localhost"],
            id="the hosts file is not read",
        ),
        pytest.param("six.", ({"six": []}, 0), "no-name", ["six"], id="no address of this kind"),
        pytest.param(
            "cats", ({"cats" + SUFFIX: ["10.96.1.1"]}, 1), "resolves", ["cats" + SUFFIX] * 2, id="a lost question"
        ),
    ],
)
def test_nslookup_asks_dns(asks, host, served, outcome, asked):
    """Served are the names' addresses, after so many lost questions."""
    records, drops = served
    with dns(records, drops=drops) as (port, questions):
        result = asks(port).nslookup({"host": host})
    assert (result["outcome"], questions) == (outcome, asked)
    assert outcome == "no-name" or [result["resolved"]] == list(records.values())


def test_a_server_that_is_silent_has_not_said_that_there_is_no_such_name(asks):
    with dns({}, drops=100) as (port, _):
        result = asks(port).nslookup({"host": "cats"})
    assert (result["outcome"], result["detail"].count("no answer")) == ("timeout", 3)


@pytest.mark.parametrize(
    ("ends", "again", "outcome"),
    [
        pytest.param(["elsewhere", "timeout", "refused"], 3, "refused", id="until it is sure"),
        pytest.param(["timeout", "elsewhere", "refused"], 1, "elsewhere", id="so many times"),
        pytest.param(["timeout", "refused"], 0, "timeout", id="not where nobody asks for it"),
        pytest.param(["refused", "answers"], 3, "refused", id="not what is sure"),
    ],
)
def test_what_may_yet_end_otherwise_is_tried_again(probe, monkeypatch, ends, again, outcome):
    monkeypatch.setattr(probe, "PAUSE", 0)
    monkeypatch.setitem(probe.HOWS, "connect", lambda *_: {"outcome": ends.pop(0)})
    cells = probe.rounds([{"id": "a", "host": "cats"}], again)
    assert cells["a"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        pytest.param(socket.EAI_NONAME, "no-name", id="there is none"),
        pytest.param(socket.EAI_AGAIN, "timeout", id="nobody has said so"),
    ],
)
def test_silence_is_no_answer(probe, monkeypatch, number, outcome):
    def look(*_words, **_more):
        raise socket.gaierror(number, "said")

    monkeypatch.setattr(probe.socket, "getaddrinfo", look)
    monkeypatch.setattr(probe, "read", lambda _: "nameserver 127.0.0.1")
    assert probe.getent({"host": "cats"})["outcome"] == outcome


@pytest.mark.parametrize(
    ("drops", "outcome"),
    [
        pytest.param(0, "no-name", id="the cluster says no, only the world beyond is silent"),
        pytest.param(100, "timeout", id="the cluster is silent too"),
    ],
)
def test_the_cluster_s_no_counts_where_only_the_world_is_silent(asks, monkeypatch, drops, outcome):
    def look(*_words, **_more):
        raise socket.gaierror(socket.EAI_AGAIN, "said")

    with dns({}, drops=drops) as (port, asked):
        probe = asks(port)
        monkeypatch.setattr(probe.socket, "getaddrinfo", look)
        assert probe.getent({"host": "cats"})["outcome"] == outcome
    assert "cats" not in asked


def test_a_name_is_looked_up_once(probe, monkeypatch):
    names = []
    monkeypatch.setattr(probe, "look_up", lambda host: names.append(host) or {"outcome": "no-name"})
    assert {probe.connect({"host": "cats", "port": port})["outcome"] for port in (1, 2)} == {"no-name"}
    assert names == ["cats"]


PAGE = b'HTTP/1.0 200 OK\r\n\r\n<html><title>Cats</title><script>{"pod": "mina"}</script>'


@pytest.mark.parametrize(
    ("reply", "outcome", "status"),
    [
        pytest.param(PAGE, "answers", 200, id="a page"),
        pytest.param(b"HTTP/1.0 503 Service Unavailable\r\n\r\n{}", "answers", 503, id="an error is an answer"),
        pytest.param(b"", "reset", 0, id="closed without an answer"),
        pytest.param(b"meow", "elsewhere", 0, id="no HTTP"),
    ],
)
def test_one_url_is_asked_with_the_variables_of_the_place(reply, outcome, status):
    with server(says(reply)) as port:
        command = probe_protocol.http_command(["$BACKEND_URL/version"], sys.executable)
        env = {"BACKEND_URL": f"http://127.0.0.1:{port}"}
        output = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, env=env).stdout
    answer = probe_protocol.read_http(output)["$BACKEND_URL/version"]
    assert (answer.outcome, answer.status) == (outcome, status)
    assert answer.body == (reply.partition(b"\r\n\r\n")[2].decode() if status else answer.body)


@pytest.mark.parametrize(
    ("behave", "outcome", "raw"),
    [
        pytest.param(says(PAGE), "answers", "HTTP 200 OK", id="answers"),
        pytest.param(says(b"HTTP/1.0 503 Unavailable\r\n\r\n"), "answers", "HTTP 503 Unavailable", id="an error"),
        pytest.param(says(b""), "reset", "RemoteDisconnected", id="closed without an answer"),
        pytest.param(says(b"meow meow\r\n\r\n"), "reset", "BadStatusLine", id="no HTTP"),
        pytest.param(lambda _: time.sleep(0.6), "timeout", "timed out", id="silent"),
    ],
)
def test_a_poll_tells_outcomes_apart(probe, behave, outcome, raw):
    with server(behave) as port:
        ended, words = probe.ask(f"http://127.0.0.1:{port}/whoami", 0.3 if outcome == "timeout" else 5)
    assert (ended, raw in words) == (outcome, True)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(socket.gaierror(-2, "Name or service not known"), "no-name", id="no such name"),
        pytest.param(ConnectionRefusedError(111, "Connection refused"), "refused", id="refused"),
        pytest.param(OSError(113, "No route to host"), "reset", id="its Pod is gone"),
    ],
)
def test_a_poll_that_cannot_connect_says_why(probe, monkeypatch, error, outcome):
    def fails(*_words, **_more):
        raise error

    monkeypatch.setattr(socket, "create_connection", fails)
    assert probe.ask("http://cats/") == (outcome, f"{type(error).__name__}: {error}")


def test_a_poll_prints_only_changes(probe, monkeypatch, capsys):
    outcomes = iter(["answers", "answers", "refused", "refused", "answers"])

    def ask(_url):
        outcome = next(outcomes, None)
        if outcome is None:
            raise StopAsyncIteration
        return outcome, f"raw {outcome}"

    monkeypatch.setattr(probe, "ask", ask)
    monkeypatch.setattr(probe, "POLL_EVERY", 0)
    with pytest.raises(StopAsyncIteration):
        probe.poll_one("service", "http://cats/", seconds=60)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["outcome"] for line in lines] == ["answers", "refused", "answers"]
    assert lines[1] == {"name": "service", "outcome": "refused", "raw": "raw refused"}


def test_a_poll_says_first_in_which_network_it_runs():
    with server(says(PAGE)) as port:
        command = probe_protocol.poll_command({"it": f"http://127.0.0.1:{port}/"}, 0.1, sys.executable)
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["name"], first["outcome"][:5]) == ("netns", "net:[")
    assert second == {"name": "it", "outcome": "answers", "raw": "HTTP 200 OK"}
    assert done.stderr == ""
