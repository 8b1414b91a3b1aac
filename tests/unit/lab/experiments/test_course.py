"""What the course's commands must be refused with: the predicted words are a no, any other failure is told as it is."""

import pytest

from lab.experiments.course import commands
from lab.experiments.timed.expectations import judge
from lab.shell import Completed

UNVERSIONED = 'error: error validating "STDIN": error validating data: apiVersion not set; if you choose to ignore'
STRICT = (
    'Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: '
    'strict decoding error: unknown field "labels", unknown field "spec.containers[0].livenessprobe"'
)
EMPTY = 'The Pod "one" is invalid: spec.containers: Required value'
NO_BASH = (
    "error: Internal error occurred: failed to exec in container: OCI runtime exec failed: exec failed: unable to "
    'start container process: exec: "/bin/bash": stat /bin/bash: no such file or directory'
)
FORBIDDEN = 'Error from server (Forbidden): pods "one" is forbidden: exceeded quota'
MIN, SOFT = "/sys/fs/cgroup/memory.min", "/sys/fs/cgroup/memory/memory.soft_limit_in_bytes"


@pytest.fixture
def ends(monkeypatch):
    """Let every kubectl end like this, and return the expectation that comes of it."""

    def end(id_, code=0, stdout="", stderr=""):
        done = Completed((), code, stdout, stderr)
        monkeypatch.setattr(commands.client, "kubectl", lambda *_, **__: done)
        (question,) = [question for question in commands.QUESTIONS if question.id == id_]
        expects = [expect for expect in commands.EXPECTS if expect.id == id_]
        facts = {id_: question.measure(commands.Student(None, None, "ns"))}
        (expectation,) = judge(expects, commands.TEXTS, facts)
        return expectation

    return end


@pytest.mark.parametrize(
    ("id_", "refusal"),
    [
        pytest.param("mypod", UNVERSIONED, id="mypod"),
        pytest.param("goproxy", UNVERSIONED, id="goproxy"),
        pytest.param("goproxy-cased", STRICT, id="goproxy with its capitals"),
        pytest.param("without-api-version", UNVERSIONED, id="no apiVersion"),
        pytest.param("no-container", EMPTY, id="no container"),
        pytest.param("no-bash", NO_BASH, id="no bash"),
    ],
)
def test_the_predicted_refusal_alone_is_a_no(ends, id_, refusal):
    refused = ends(id_, 1, stderr=refusal)
    assert (refused.agrees, refused.measured.en) == (True, "no")
    other = ends(id_, 1, stderr=FORBIDDEN)
    assert (other.agrees, other.measured.en) == (False, FORBIDDEN)
    assert ends(id_, 0).measured.en == "yes"


@pytest.mark.parametrize(
    ("id_", "refusal"),
    [pytest.param("database", UNVERSIONED, id="database"), pytest.param("shell", NO_BASH, id="shell")],
)
def test_a_failure_of_what_must_go_well_is_told_in_its_words(ends, id_, refusal):
    failed = ends(id_, 1, stderr=refusal)
    assert (failed.agrees, failed.measured.en) == (False, refusal[:200])


@pytest.mark.parametrize(
    ("stdout", "kept"),
    [
        pytest.param(f"{MIN}:0", "no", id="v2: nothing"),
        pytest.param(f"{MIN}:16777216", "yes", id="v2: the request"),
        pytest.param(f"{SOFT}:9223372036854771712", "no", id="v1: no limit"),
        pytest.param(f"{SOFT}:16777216", "yes", id="v1: the request"),
        pytest.param("", "error: no such container", id="not read"),
    ],
)
def test_memory_is_kept_where_the_cgroup_says_so(ends, stdout, kept):
    assert ends("floor", 2, stdout, "error: no such container").measured.en == kept
