"""Every command of the course's Pod module, as typed, on a cluster without an image registry in reach."""

from typing import Any

import pytest
import requests

from lab import waiting
from lab.config import ROOT

pytestmark = pytest.mark.cluster
LESSONS = ROOT / "k8s" / "lessons"
HEAD = ("apiVersion", "kind: Pod")
ECR = "810454728139.dkr.ecr.eu-west-3.amazonaws.com"


def with_capitals(name: str, *words: str) -> str:
    """The YAML as the course prints it, with the capitals of these words restored."""
    text = (LESSONS / "03-printed-manifests" / "files" / f"{name}.yaml").read_text()
    for word in words:
        text = text.replace(word.lower(), word)
    return text


def eventually(student: Any, command: str, expected: str, timeout: float = 60) -> str:
    """Type a command until its output has these words."""

    def look() -> tuple[bool, str]:
        output = student.types(command, check=False).stdout
        return expected in output, output

    return waiting.until(f"{expected!r} from {command}", look, timeout=timeout, interval=0.5)


def wait_until_listening(student: Any, pod: str) -> None:
    """Wait for the app's own word: `kubectl run` gives it no probe, so Ready comes before it listens."""
    student.waits_for(pod)
    eventually(student, f"kubectl logs {pod}", "Listening at")


def test_a_pod_is_made_shown_and_read(student: Any) -> None:
    assert "pod/mypod created" in student.types("k run mypod --image=busybox").stdout
    student.types("k run mypod --image=busybox --dry-run=client -o yaml > pod.yaml")
    written = student.types("cat pod.yaml").stdout
    assert "apiVersion: v1\nkind: Pod\n" in written
    assert "pod/mypod" in student.types("k apply -f pod.yaml").stdout
    eventually(student, "k get pods -o wide", "10.244.")
    assert "NODE" in student.types("k get pods -o wide").stdout
    assert student.types("kubectl logs mypod").code == 0


def test_busybox_ends_at_once_so_there_is_no_shell_to_be_had(student: Any) -> None:
    """The image's command is a shell: with nobody at its terminal it reads the end of its input, and is done."""
    student.types("k run mypod --image=busybox")
    eventually(student, "k get pods -o wide", "Completed")
    refused = student.types("kubectl exec -it mypod -- /bin/sh", check=False)
    assert refused.code != 0
    assert "container not found" in refused.stderr or "not running" in refused.stderr


def test_the_corrected_mypod_can_be_entered_debugged_and_forwarded_to(student: Any) -> None:
    student.types(f"k apply -f {LESSONS}/mypod.yaml")
    student.waits_for("mypod")
    assert "mypod is up" in student.types("kubectl logs mypod").stdout
    with student.on_a_terminal("kubectl exec -it mypod -- /bin/sh") as terminal:
        terminal.until("# ")
        terminal.type("hostname; echo in$((1+1))")
        assert "mypod" in terminal.until("in2")
        terminal.type("exit")
    with student.on_a_terminal("kubectl debug -it mypod --image=busybox") as terminal:
        terminal.until("# ")
        terminal.type("cat /etc/hosts; echo in$((1+1))")
        assert "\tmypod" in terminal.until("in2")
        terminal.type("exit")
    with student.on_a_terminal("kubectl port-forward mypod 8080:8080") as terminal:
        terminal.until("Forwarding from 127.0.0.1:8080 -> 8080")


def test_the_backend_of_the_exercise_answers_by_port_forward_and_in_an_ephemeral_container(student: Any) -> None:
    student.types(f"k run k8-chatroulette-back --image={ECR}/k8-chatroulette-back:latest")
    wait_until_listening(student, "k8-chatroulette-back")
    with student.on_a_terminal("kubectl port-forward k8-chatroulette-back 3000:3000") as terminal:
        terminal.until("Forwarding from 127.0.0.1:3000 -> 3000")
        answer = requests.get("http://localhost:3000/version", timeout=5).json()
        assert answer["name"] == "k8-chatroulette-back"
    with student.on_a_terminal("kubectl debug -it k8-chatroulette-back --image=busybox") as terminal:
        terminal.until("# ")
        for host in ("localhost", "k8-chatroulette-back"):
            terminal.type(f"wget -qO- http://{host}:3000/version > said; wc -c said; grep -c '\"version\"' said")
            terminal.type(f"echo end of {host}".replace("end", 'e""nd'))
            terminal.until(f"end of {host}")
            assert "bad address" not in terminal.seen
        assert terminal.seen.count("\r\n1\r\n") == 2
        terminal.type("exit")


def test_the_frontend_of_the_exercise_answers_by_port_forward(student: Any) -> None:
    student.types(f"k run k8-chatroulette-front --image={ECR}/k8-chatroulette-front:latest")
    wait_until_listening(student, "k8-chatroulette-front")
    with student.on_a_terminal("kubectl port-forward k8-chatroulette-front 8080:8080") as terminal:
        terminal.until("Forwarding from 127.0.0.1:8080 -> 8080")
        page = requests.get("http://localhost:8080/", timeout=5)
        assert page.status_code == 200
        assert "<html" in page.text


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        pytest.param(with_capitals("mypod"), "apiVersion not set", id="mypod as printed"),
        pytest.param(with_capitals("mypod", "apiVersion"), 'no kind "pod" is registered', id="mypod: kind"),
        pytest.param(with_capitals("mypod", *HEAD), 'unknown field "spec.dnspolicy"', id="mypod: fields"),
        pytest.param(with_capitals("goproxy"), "apiVersion not set", id="goproxy as printed"),
        pytest.param(with_capitals("goproxy", *HEAD), 'unknown field "labels"', id="goproxy: labels beside metadata"),
        pytest.param(
            with_capitals("goproxy", *HEAD), 'unknown field "spec.containers[0].readinessprobe"', id="goproxy: probes"
        ),
    ],
)
def test_the_printed_yaml_is_rejected(student: Any, text: str, refusal: str) -> None:
    (student.folder / "printed.yaml").write_text(text)
    refused = student.types("k apply -f printed.yaml", check=False)
    assert refused.code != 0
    assert refusal in refused.stderr


@pytest.mark.parametrize(
    ("file", "pod"),
    [
        pytest.param("mypod", "mypod", id="mypod"),
        pytest.param("goproxy", "goproxy", id="goproxy, whose TCP probes pass"),
        pytest.param("database", "frontend", id="database, by MariaDB"),
    ],
)
def test_its_corrected_twin_becomes_ready(student: Any, file: str, pod: str) -> None:
    student.types(f"k apply -f {LESSONS}/{file}.yaml")
    student.waits_for(pod)


def test_the_database_keeps_to_what_was_asked_for(student: Any) -> None:
    student.types(f"k apply -f {LESSONS}/database.yaml")
    student.waits_for("frontend")
    resources = student.types(
        "k get pod frontend -o jsonpath='{.spec.containers[0].resources} {.status.qosClass}'"
    ).stdout
    assert resources == '{"limits":{"cpu":"500m","memory":"128Mi"},"requests":{"cpu":"250m","memory":"64Mi"}} Burstable'


def test_top_shows_what_pods_use(student: Any) -> None:
    student.types(f"k apply -f {LESSONS}/mypod.yaml")
    student.waits_for("mypod")
    table = eventually(student, "k top pod", "mypod", timeout=150)
    assert "CPU(cores)" in table
    assert "MEMORY(bytes)" in table


def test_a_name_that_does_not_exist_is_said_not_to_within_a_second(student: Any) -> None:
    student.types(f"k apply -f {LESSONS}/mypod.yaml")
    student.waits_for("mypod")
    for name in ("no-such-name", "no-such-name.example.org"):
        done = student.types(f"k exec mypod -- timeout 1 wget -qO- http://{name}/", check=False)
        assert "bad address" in done.stdout + done.stderr, f"{name}: {done}"
