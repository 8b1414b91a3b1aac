"""What is tried, what is predicted, and how an answer is judged."""

from __future__ import annotations

from typing import Any

import pytest

from lab.deploy import fetch, verify
from lab.deploy.fetch import NO_NAME, Answer
from lab.errors import LabError

BACK = '{"name":"k8-chatroulette-back","version":"1.2"}'
WHO = '{"pod":"k8-chatroulette-back","version":"1.2"}'
PAGE = '<!doctype html><html lang="en"><title>Cats</title>{"pod": "k8-chatroulette-front"}'


def pod(service: str, name: str = "", container: str = "app") -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": service}
    meta = {"name": name or service, "namespace": "default", "labels": labels}
    return {"metadata": meta, "spec": {"containers": [{"name": container}]}}


def side(service: str = "k8-chatroulette-back", container: str = "app") -> verify.Side:
    return verify.Side(service, 3000, "/version", pod(service, container=container))


@pytest.mark.parametrize(
    ("answer", "who", "ok", "said"),
    [
        pytest.param(Answer(200, BACK), Answer(200, WHO), True,
                     "200, k8-chatroulette-back 1.2", id="as predicted"),
        pytest.param(Answer(200, BACK), Answer(200, '{"pod":"other"}'), False,
                     "200 k8-chatroulette-back 1.2, Pod other", id="another Pod"),
        pytest.param(Answer(200, PAGE), Answer(200, PAGE), False,
                     "200 page 'Cats', Pod k8-chatroulette-front", id="the other service"),
        pytest.param(Answer(503, BACK), Answer(200, WHO), False, "503 k8-chatroulette-back 1.2", id="an error"),
        pytest.param(Answer(0, failed="refused"), Answer(0), False, "refused", id="refused"),
        pytest.param(Answer(200, BACK), Answer(0), False, "200 k8-chatroulette-back 1.2", id="nobody says who"),
    ],
)  # fmt: skip
def test_the_service_and_the_pod_must_be_the_predicted_ones(
    answer: Answer, who: Answer, *, ok: bool, said: str
) -> None:
    one = verify.Try("x", "http://x/version", "k8-chatroulette-back", "because", pod="k8-chatroulette-back")
    check = verify.judge("here", one, answer, who)
    assert (check.ok, check.answered) == (ok, said)
    assert check.why.startswith("because") == ok


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        pytest.param(Answer(0, failed=NO_NAME), True, id="it does not resolve"),
        pytest.param(Answer(0, failed="timed out"), False, id="DNS is silent: unknown, not proven"),
        pytest.param(Answer(0, failed="refused"), False, id="it resolves"),
        pytest.param(Answer(200, BACK), False, id="it answers"),
    ],
)
def test_a_name_that_should_not_resolve_must_be_said_not_to(answer: Answer, *, ok: bool) -> None:
    one = verify.Try("x", "http://x", NO_NAME, "because")
    assert one.who == ""
    assert verify.judge("here", one, answer, Answer(0)).ok is ok


def test_a_vantage_point_that_cannot_be_had_fails_each_of_its_rows() -> None:
    def broken(_: object) -> list[Answer]:
        raise LabError("no such container")

    checks = verify.attempt(verify.Job("there", verify.inside(side(), wired=True), broken))
    assert {(check.ok, check.answered) for check in checks} == {(False, "no such container")}
    assert len(checks) == 5


def test_addresses_that_got_no_answer_are_not_ok() -> None:
    checks = verify.attempt(verify.Job("there", verify.inside(side(), wired=False), lambda _: [Answer(200, BACK)]))
    assert [check.answered for check in checks][1:] == ["it was not tried"] * 3
    assert not any(check.ok for check in checks)


@pytest.mark.parametrize(
    ("container", "tried"),
    [
        pytest.param("back", True, id="of its own"),
        pytest.param("k8-chatroulette-back", False, id="as `kubectl run` does: it is the Pod's name"),
    ],
)
def test_the_container_s_name_is_tried_where_it_differs(container: str, *, tried: bool) -> None:
    names = [one.tried for one in verify.inside(side(container=container), wired=False)]
    assert ("the container's name" in names) is tried


@pytest.mark.parametrize(
    ("answer", "ok", "said"),
    [
        pytest.param(Answer(200, '{"checks":[{"name":"redis","ok":true}]}'), True, "Redis is ok", id="ok"),
        pytest.param(Answer(200, '{"checks":[{"name":"redis","ok":false,"reason":"refused"}]}'), False, "refused",
                     id="away: the backend is ready all the same"),
        pytest.param(Answer(200, '{"checks":[{"name":"ping","ok":true}]}'), False, "200, which says nothing of Redis",
                     id="it has no Redis"),
        pytest.param(Answer(200, "[]"), False, "200, which says nothing of Redis", id="something else"),
        pytest.param(Answer(0, failed="refused"), False, "refused", id="no answer"),
    ],
)  # fmt: skip
def test_redis_is_seen_by_the_backend_s_own_word(answer: Answer, *, ok: bool, said: str) -> None:
    one = verify.redis(side())
    assert one.who == ""
    check = verify.judge("there", one, answer, Answer(0))
    assert (check.ok, check.answered) == (ok, said)


def test_of_several_pods_a_ready_one_is_asked() -> None:
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    pods = [pod("k8-chatroulette-back", "a"), pod("k8-chatroulette-back", "b") | {"status": status}]
    back, _ = verify.sides([*pods, pod("k8-chatroulette-front")])
    assert back.pod_name == "b"
    assert [one.pod_name for one in verify.ready(pods, "k8-chatroulette-back")] == ["b"]


def test_each_replica_must_answer_at_its_own_address_itself() -> None:
    one = pod("k8-chatroulette-back", "a") | {"status": {"podIP": "10.0.0.9"}}
    (tried,) = verify.apart([verify.Side("k8-chatroulette-back", 3000, "/version", one)])
    assert (tried.url, tried.pod) == ("http://10.0.0.9:3000/version", "a")


def test_what_a_network_policy_may_forbid_is_not_tried() -> None:
    assert [one.tried for one in verify.beside(side(), None)] == ["localhost", "the Pod's name"]
    assert len(verify.beside(side(), side())) == 3


def test_a_service_that_is_not_deployed_is_named() -> None:
    with pytest.raises(LabError, match="the lab has deployed no Pod of k8-chatroulette-front") as error:
        verify.sides([pod("k8-chatroulette-back")])
    assert "make deploy" in error.value.hint


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        pytest.param(["{}", "@@ 0"], Answer(200, "{}"), id="an answer"),
        pytest.param(["wget: bad address 'x:3000'", "@@ 1"], Answer(0, failed=NO_NAME), id="no such name"),
        pytest.param(["wget: can't connect to remote host (10.0.0.1): Connection refused", "@@ 1"],
                     Answer(0, failed="refused"), id="refused"),
        pytest.param(["wget: download timed out", "@@ 1"], Answer(0, failed="timed out"), id="timed out"),
        pytest.param(["wget: server returned error: HTTP/1.1 503 SERVICE UNAVAILABLE", "@@ 1"], Answer(503), id="503"),
        pytest.param(["", "@@ 1"], Answer(0, failed="no answer"), id="not a word"),
    ],
)  # fmt: skip
def test_busybox_s_words_are_understood(lines: list[str], answer: Answer) -> None:
    assert list(fetch.parse_wget(lines)) == [answer]


def test_one_answer_an_address() -> None:
    lines = ["<html>", "</html>", "@@ 0", "wget: bad address 'x'", "@@ 1"]
    assert [one.ok for one in fetch.parse_wget(lines)] == [True, False]


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        pytest.param("<urlopen error [Errno -2] Name or service not known>", NO_NAME, id="Python"),
        pytest.param("<urlopen error [Errno -3] Temporary failure in name resolution>",
                     "the cluster's DNS does not answer", id="DNS is away"),
        pytest.param("<urlopen error [Errno 111] Connection refused>", "refused", id="refused"),
        pytest.param("timed out", "timed out", id="timed out"),
        pytest.param("something new", "something new", id="unknown words stay"),
        pytest.param("", "", id="no failure"),
    ],
)  # fmt: skip
def test_a_failure_is_named_by_what_it_means(words: str, meaning: str) -> None:
    assert fetch.classify(words) == meaning


def test_nothing_listens_here() -> None:
    assert fetch.get("http://127.0.0.1:1/").failed == "refused"
    assert fetch.get("http://no-such-name.invalid:1/").failed in {NO_NAME, "timed out"}
