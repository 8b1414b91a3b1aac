"""`lab verify`: what is tried of what is deployed, and how an answer is judged beside the model."""

from typing import Any

import pytest

from lab.config import load
from lab.deploy import fetch, services
from lab.deploy.fetch import Answer
from lab.errors import LabError
from lab.experiments.matrix import deployed, verify
from lab.experiments.matrix.deployed import BACK, FRONT
from lab.experiments.matrix.probe_protocol import HttpReply
from lab.experiments.model import from_api
from lab.experiments.model.cluster import Computer

VERSION = '{"name":"k8-chatroulette-back","version":"1.2"}'
WHOAMI = '{"pod":"k8-chatroulette-back","version":"1.2"}'
PAGE = '<!doctype html><html lang="en"><title>Cats</title>{"served_by": {"pod": "k8-chatroulette-front"}}'
SETTINGS = load({})
NODE_IP, DNS_IP = "172.18.0.2", "10.96.0.10"


def pod(service: str, name: str = "", container: str = "app", *, ready: bool = True) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": service}
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": name or service, "namespace": "default", "labels": labels},
        "spec": {"containers": [{"name": container, "image": f"registry/{service}:1"}]},
        "status": {"podIP": "10.244.0.7" if service == BACK else "10.244.0.8", "conditions": conditions},
    }


def service(name: str) -> dict[str, Any]:
    port = {"port": deployed.PORTS[name], "nodePort": deployed.NODE_PORTS[name]}
    spec = {"clusterIP": "10.96.1.1", "selector": {"app.kubernetes.io/name": name}, "ports": [port]}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


NODE = {
    "metadata": {"name": "cats-control-plane"},
    "status": {
        "addresses": [{"type": "InternalIP", "address": NODE_IP}, {"type": "Hostname", "address": "cats"}],
        "nodeInfo": {"containerRuntimeVersion": "containerd://2.4.2"},
    },
}


def model(pods: list[Any], services: tuple[str, ...] = (BACK, FRONT)) -> Any:
    dns = {"spec": {"clusterIP": DNS_IP}}
    return from_api.cluster_model(pods, [service(name) for name in services], NODE, dns, Computer())


PODS = [pod(BACK, container="back"), pod(FRONT, container="front")]
PODS[1]["spec"]["containers"][0]["env"] = [{"name": "BACKEND_URL", "value": f"http://{BACK}:3000"}]


def sources(pods: list[Any] = PODS, *, scaled: bool = False, named: tuple[str, ...] = (BACK, FRONT)) -> dict[str, Any]:
    carriers = [services.of(pod, lambda *_: "") for pod in pods]
    shared = [each for each in carriers if each and each.service == BACK] if scaled else None
    deployment = deployed.Deployment([each for each in carriers if each], model(pods, named).services, shared)
    return {source.name: source for source in deployed.sources(SETTINGS, NODE_IP, deployment)}


def tried(source: Any) -> list[str]:
    return [trial.tried for trial in source.trials]


APP, GUEST = f"container back of {BACK}", f"ephemeral container in {BACK}"
FRONT_APP, FRONT_GUEST = f"container front of {FRONT}", f"ephemeral container in {FRONT}"
OWN = ["localhost", "127.0.0.1", "the Pod's name", "the container's name"]


@pytest.mark.parametrize(
    ("scaled", "source", "rows"),
    [
        pytest.param(False, "this computer", ["the page, on the node's port", "the backend, on the node's port"],
                     id="this computer"),
        pytest.param(False, f"a port-forward to {FRONT}", [f"port-forward to {FRONT}"], id="port-forward"),
        pytest.param(False, APP, OWN, id="the backend's container"),
        pytest.param(True, APP, [*OWN, "Redis, as the backend sees it"], id="the backend's container, with Redis"),
        pytest.param(False, FRONT_APP, [*OWN, "BACKEND_URL"], id="the frontend's container"),
        pytest.param(True, FRONT_APP, [*OWN, "BACKEND_URL", f"{BACK}, alone"], id="each replica at its own address"),
        pytest.param(False, GUEST, ["localhost", "the Pod's name", f"Service {FRONT}, from another Pod"], id="guest"),
        pytest.param(True, GUEST, ["localhost", "the Pod's name"], id="what a NetworkPolicy may forbid"),
        pytest.param(True, FRONT_GUEST, ["localhost", "the Pod's name", f"Service {BACK}, from another Pod"],
                     id="the frontend's guest"),
    ],
)  # fmt: skip
def test_everything_is_tried_from_everywhere(scaled: bool, source: str, rows: list[str]) -> None:  # noqa: FBT001
    assert tried(sources(scaled=scaled)[source]) == rows


def test_the_container_s_name_is_tried_where_it_is_not_the_pod_s() -> None:
    same = sources([pod(BACK, container=BACK), pod(FRONT)])
    assert "the container's name" not in tried(same[f"container {BACK} of {BACK}"])


ALONE = "http://k8-chatroulette-back:3000/version"


@pytest.mark.parametrize(
    ("pods", "named", "expected", "why"),
    [
        pytest.param([pod(FRONT)], (), "no such name", "only the frontend runs", id="the frontend's exercise"),
        pytest.param([pod(FRONT), pod(BACK)], (), "no such name", "kubectl expose pod", id="no Service yet"),
        pytest.param([pod(FRONT), pod(BACK)], (BACK,), BACK, "the wire between", id="a Service made by hand"),
    ],
)  # fmt: skip
def test_a_break_is_expected_where_pods_were_made_by_hand_without_a_service(
    pods: list[Any], named: tuple[str, ...], expected: str, why: str
) -> None:
    source = sources(pods, named=named)[f"container app of {FRONT}"]
    answer = HttpReply("no-name") if expected == "no such name" else HttpReply("answers", 200, VERSION)
    rows = verify.attempt(model(pods, named), source, lambda *_: replies(ALONE, answer))
    row = {row.tried: row for row in rows}["BACKEND_URL"]
    assert (row.expected, row.ok) == (expected, True)
    assert why in row.why


def test_what_the_lab_deployed_is_to_answer_although_its_services_are_gone() -> None:
    assert "this computer" in sources([by_lab(BACK), by_lab(FRONT)], named=())
    assert "this computer" not in sources(named=())


def by_lab(service: str) -> dict[str, Any]:
    item = pod(service)
    item["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "lab"
    return item


def test_another_image_that_answers_as_the_backend_is_tried_from_outside_alone() -> None:
    stranger = pod(BACK, "stranger")
    stranger["spec"]["containers"][0]["image"] = "busybox"
    carrier = services.of({**stranger, "status": {"podIP": "10.244.0.9", "phase": "Running"}}, lambda *_: BACK)
    assert carrier is not None
    (source,) = deployed.sources(SETTINGS, NODE_IP, deployed.Deployment([carrier]))
    url = "http://localhost:3000/version"
    world = verify.served(model([carrier.pod], ()), [carrier])
    (row,) = verify.attempt(world, source, lambda *_: {url: HttpReply("answers", 200, VERSION)})
    assert (row.ok, row.answered) == (True, f"200 {BACK} 1.2")
    assert "listens on 0.0.0.0" in row.why


def checks(source: str, replies: dict[str, HttpReply], world: Any = None) -> dict[str, Any]:
    rows = verify.attempt(world or model(PODS), sources()[source], lambda *_: replies)
    return {row.tried: row for row in rows}


def replies(url: str, reply: HttpReply, whoami: str = WHOAMI) -> dict[str, HttpReply]:
    return {url: reply, url.replace("/version", "/whoami"): HttpReply("answers", 200, whoami)}


LOCALHOST, NAME, CONTAINER = (f"http://{host}:3000/version" for host in ("localhost", BACK, "back"))


@pytest.mark.parametrize(
    ("reply", "whoami", "ok", "answered"),
    [
        pytest.param(HttpReply("answers", 200, VERSION), WHOAMI, True, f"200, {BACK} 1.2", id="as it should be"),
        pytest.param(HttpReply("answers", 200, VERSION), '{"pod":"other"}', False, f"200 {BACK} 1.2, Pod other",
                     id="another Pod"),
        pytest.param(HttpReply("answers", 200, PAGE), PAGE, False, f"200 page 'Cats', Pod {FRONT}", id="the other one"),
        pytest.param(HttpReply("answers", 503, VERSION), WHOAMI, False, f"503 {BACK} 1.2", id="an error"),
        pytest.param(HttpReply("refused"), "", False, "refused", id="refused"),
        pytest.param(HttpReply("timeout"), "", False, "timed out", id="timed out"),
        pytest.param(HttpReply("unmeasured", detail="something new"), "", False, "something new", id="unknown words"),
        pytest.param(HttpReply("answers", 200, VERSION), "", False, f"200 {BACK} 1.2", id="nobody says who"),
    ],
)  # fmt: skip
def test_the_service_and_the_pod_must_be_those_that_are_to_answer(
    reply: HttpReply, whoami: str, *, ok: bool, answered: str
) -> None:
    row = checks(APP, replies(LOCALHOST, reply, whoami))["localhost"]
    assert (row.ok, row.answered, row.expected) == (ok, answered, BACK)
    assert row.why.startswith("not as predicted; it should be so because ") is not ok


@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        pytest.param(HttpReply("no-name"), True, id="it does not resolve"),
        pytest.param(HttpReply("timeout"), False, id="DNS is silent: unknown, not proven"),
        pytest.param(HttpReply("refused"), False, id="it resolves"),
        pytest.param(HttpReply("answers", 200, VERSION), False, id="it answers"),
    ],
)
def test_a_name_that_should_not_exist_must_be_said_not_to(reply: HttpReply, *, ok: bool) -> None:
    row = checks(APP, {CONTAINER: reply})["the container's name"]
    assert (row.ok, row.expected) == (ok, "no such name")
    assert row.why.startswith("not as predicted") is not ok


@pytest.mark.parametrize(
    ("source", "row", "url", "why"),
    [
        pytest.param(APP, "localhost", LOCALHOST, "share one network namespace", id="localhost"),
        pytest.param(APP, "the Pod's name", NAME, "the Pod's hostname", id="the Pod's name"),
        pytest.param(f"a port-forward to {BACK}", f"port-forward to {BACK}", LOCALHOST, "dials localhost inside",
                     id="port-forward"),
        pytest.param(FRONT_GUEST, f"Service {BACK}, from another Pod", NAME, "to a ready Pod", id="Service"),
        pytest.param(FRONT_APP, "BACKEND_URL", "$BACKEND_URL/version", "the wire between the two", id="BACKEND_URL"),
        pytest.param("this computer", "the backend, on the node's port", "http://localhost:30030/version",
                     "kind passes this port of the computer to the node. The node hands its port 30030", id="NodePort"),
    ],
)  # fmt: skip
def test_the_model_says_why_it_answers(source: str, row: str, url: str, why: str) -> None:
    check = checks(source, replies(url, HttpReply("answers", 200, VERSION)))[row]
    assert check.ok
    assert why in check.why


@pytest.mark.parametrize(
    ("source", "row", "url", "reply"),
    [
        pytest.param(FRONT_GUEST, f"Service {BACK}, from another Pod", NAME, HttpReply("no-name"), id="Service"),
        pytest.param("this computer", "the backend, on the node's port", "http://localhost:30030/version",
                     HttpReply("reset"), id="NodePort: docker takes the call and closes it"),
    ],
)  # fmt: skip
def test_the_model_says_why_it_fails_where_the_service_is_gone(source: str, row: str, url: str, reply: Any) -> None:
    """It is no surprise then, and still not as it should be."""
    check = checks(source, {url: reply}, model(PODS, (FRONT,)))[row]
    assert not check.ok
    assert not check.why.startswith("not as predicted")


def test_a_vantage_point_that_cannot_be_had_fails_each_of_its_rows() -> None:
    def broken(*_: object) -> Any:
        raise LabError("no such container")

    source = sources()[APP]
    rows = verify.attempt(model(PODS), source, broken)
    assert [(row.ok, row.answered) for row in rows] == [(False, "no such container")] * len(source.trials)


def test_addresses_that_got_no_answer_are_not_ok() -> None:
    rows = checks(APP, replies(LOCALHOST, HttpReply("answers", 200, VERSION)))
    assert {row.answered for name, row in rows.items() if name != "localhost"} == {"it was not tried"}


@pytest.mark.parametrize(
    ("answer", "ok", "answered"),
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
def test_redis_is_judged_by_the_backend_s_readiness(answer: Answer, *, ok: bool, answered: str) -> None:
    assert verify.readiness(answer, "redis") == (ok, answered)


def test_nothing_listens_on_this_computer() -> None:
    assert fetch.get("http://127.0.0.1:1/").failed == "refused"
    assert fetch.get("http://no-such-name.invalid:1/").failed in {"no such name", "timed out"}
