"""Ask an address over HTTP from somewhere: this computer, a container with Python, a container with busybox."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.kubernetes.exec import ContainerRef, PodExec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.config import Settings
    from lab.kubernetes.objects import Object

NO_NAME, REFUSED, TIMED_OUT = "no such name", "refused", "timed out"
_EACH = 3
_OK = range(200, 300)


@dataclass(frozen=True)
class Answer:
    """What came back: an HTTP ``status`` with its ``body``, or 0 and what ``failed``."""

    status: int
    body: str = ""
    failed: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Tell whether the answer is a 2xx."""
        return self.status in _OK

    @property
    def summary(self) -> str:
        """Say it in a few words: which service answered where it tells, else the status or the failure."""
        if self.failed:
            return self.failed
        title = re.search(r"<title>([^<]*)</title>", self.body)
        if title:
            return f"{self.status} page {title[1].strip()!r}"
        return " ".join([str(self.status), *filter(None, (self._known("name"), self.version))])

    @property
    def version(self) -> str:
        """The version that the answer names; empty where it names none."""
        return self._known("version")

    def _known(self, key: str) -> str:
        try:
            known = json.loads(self.body)
        except ValueError:
            return ""
        return str(known.get(key) or "") if isinstance(known, dict) else ""


def pod_of(body: str) -> str:
    """Find the Pod that an answer names: the backend's ``/whoami`` and the page's data both do."""
    found = re.search(r'"pod": ?"([^"]+)"', body)
    return found[1] if found else ""


def get(url: str) -> Answer:
    """Ask from this computer; a proxy in the environment is not used, as these addresses are this computer's own."""
    import urllib3  # noqa: PLC0415 - not on the way to `lab --help`
    from urllib3.exceptions import HTTPError, NameResolutionError  # noqa: PLC0415 - as above

    began = time.monotonic()
    try:
        got = urllib3.PoolManager(retries=False).request("GET", url, timeout=_EACH)
    except NameResolutionError:
        return Answer(0, failed=NO_NAME, seconds=time.monotonic() - began)
    except HTTPError as error:
        return Answer(0, failed=classify(str(error)), seconds=time.monotonic() - began)
    return Answer(got.status, got.data.decode(errors="replace"), seconds=time.monotonic() - began)


_PYTHON = f"""
import json, os, sys, time, urllib.error, urllib.request
ask = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
for url in sys.argv[1:]:
    began, status, body, failed = time.monotonic(), 0, "", ""
    try:
        got = ask(os.path.expandvars(url), timeout={_EACH})
        status, body = got.status, got.read(400_000).decode(errors="replace")
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        failed = str(error)
    print(json.dumps([status, body, failed, round(time.monotonic() - began, 3)]))
"""


def with_python(settings: Settings, pod: Object, container: str, urls: Sequence[str]) -> list[Answer]:
    """Ask each address from a container that has Python; ``$NAME`` in one is the container's own environment."""
    command = ("python3", "-c", _PYTHON, *urls)
    said = PodExec(settings).run(ContainerRef.of(pod, container), command, 10 + _EACH * len(urls))
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    return [Answer(status, body, classify(failed), took) for status, body, failed, took in rows]


_WGET = f"""
for url in "$@"; do
  timeout {_EACH} wget -q -O - "$url" 2>&1; code=$?
  [ $code = 143 ] && echo timed out
  echo; echo "@@ $code"
done
"""  # not wget's own -T: Debian's static busybox 1.35 ends with a segmentation fault there


def with_wget(settings: Settings, pod: Object, container: str, urls: Sequence[str]) -> list[Answer]:
    """Ask each address with busybox's wget, which has no exit code or status line for "404", only words."""
    command = ("sh", "-c", _WGET, "sh", *urls)
    output = PodExec(settings).run(ContainerRef.of(pod, container), command, 10 + _EACH * len(urls))
    return list(parse_wget(output.splitlines()))


def parse_wget(lines: Iterable[str]) -> Iterable[Answer]:
    """Read what the wget script printed, one answer an address."""
    body: list[str] = []
    for line in lines:
        if not line.startswith("@@ "):
            body.append(line)
            continue
        text = "\n".join(body).strip()
        body = []
        status = re.search(r"server returned error: HTTP/\S+ (\d+)", text)
        if line == "@@ 0":
            yield Answer(200, text)
        else:
            yield Answer(int(status[1])) if status else Answer(0, failed=classify(text) or "no answer")


def classify(words: str) -> str:
    """Name a failure in the words of the C library, Python or busybox by what it means."""
    for pattern, meaning in (
        (r"Name or service not known|bad address|No address associated", NO_NAME),
        (r"Temporary failure in name resolution", "the cluster's DNS does not answer"),
        (r"refused", REFUSED),
        (r"timed out", TIMED_OUT),
        (r"Connection aborted|RemoteDisconnected|reset by peer", "the connection was closed without an answer"),
    ):
        if re.search(pattern, words):
            return meaning
    return words.strip()
