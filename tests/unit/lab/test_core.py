"""Settings, steps, programs and waits: what everything else in the lab stands on."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from lab import config, lock, shell, steps, waiting
from lab.errors import BadInput, CommandFailed, LabError, TimedOut


@pytest.mark.parametrize(
    ("env", "what"),
    [
        pytest.param({"LAB_CLUSTER": "Cats"}, "LAB_CLUSTER is 'Cats'", id="upper-case"),
        pytest.param({"LAB_CLUSTER": "../x"}, "LAB_CLUSTER is '../x'", id="path"),
        pytest.param({"LAB_CLUSTER": "a" * 41}, f"LAB_CLUSTER is '{'a' * 41}'", id="too-long"),
        pytest.param({"LAB_FRONT_PORT": "80"}, "LAB_FRONT_PORT is '80'", id="privileged-port"),
        pytest.param({"LAB_BACK_PORT": "70000"}, "LAB_BACK_PORT is '70000'", id="no-port"),
        pytest.param({"LAB_BACK_PORT": "30080"}, "LAB_FRONT_PORT and LAB_BACK_PORT are both 30080", id="same-port"),
        pytest.param({"LAB_IMAGES": "never"}, "LAB_IMAGES is 'never'", id="unknown-source"),
        pytest.param({"LAB_KUBERNETES": "1.36"}, "LAB_KUBERNETES is '1.36'", id="another-minor"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(env, what):
    with pytest.raises(BadInput) as caught:
        config.load(env)
    assert caught.value.what == what
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_settings_have_defaults_and_names_follow_from_the_cluster():
    settings = config.load({"LAB_CLUSTER": "dogs"})
    assert (settings.context, settings.node, settings.registry) == ("kind-dogs", "dogs-control-plane", "dogs-registry")
    assert (settings.front_url, settings.back_url) == ("http://localhost:30080", "http://localhost:30030")


def test_another_minor_has_its_programs_in_a_folder_of_their_own():
    """Two clusters may be up at once, and no kubectl fits both."""
    usual, other = config.load({}), config.load({"LAB_KUBERNETES": "1.35"})
    assert (usual.kubernetes, usual.programs) == ("1.37", Path(sys.prefix) / "bin")
    assert other.programs == usual.programs / "kubernetes-1.35"


def test_the_kubeconfigs_are_those_of_the_list_or_kubectls_own():
    assert config.load({"KUBECONFIG": ":/a/b::/c:/a/b"}).kubeconfigs == (Path("/a/b"), Path("/c"))
    assert config.load({"KUBECONFIG": ":"}).kubeconfigs == (Path("~/.kube/config").expanduser(),)


def test_steps_run_in_order_and_what_is_done_is_not_done_again():
    events = []
    work = [
        steps.Step("first", lambda report: report("half", 0.5) or "well"),
        steps.Step("second", lambda _report: pytest.fail("it was done"), done=lambda: "it was there"),
    ]
    steps.run(work, events.append)
    assert [(event.kind, event.number, event.of, event.detail) for event in events] == [
        ("start", 1, 2, ""),
        ("progress", 1, 2, "half"),
        ("done", 1, 2, "well"),
        ("start", 2, 2, ""),
        ("skipped", 2, 2, "it was there"),
    ]


def test_the_first_error_ends_the_run_and_is_an_event():
    def fail(_report):
        raise LabError("no", "try")

    events = []
    with pytest.raises(LabError):
        steps.run([steps.Step("a", fail), steps.Step("b", lambda _report: pytest.fail("went on"))], events.append)
    assert (events[-1].kind, events[-1].detail) == ("failed", "no")


def test_a_program_is_given_its_input_and_both_its_streams_are_read():
    lines = []
    done = shell.run(
        [sys.executable, "-c", "import sys; print(sys.stdin.read()); print('aside', file=sys.stderr)"],
        timeout=20,
        stdin="hello",
        on_line=lines.append,
    )
    assert (done.stdout, done.stderr) == ("hello\n", "aside\n")
    assert sorted(lines) == ["aside", "hello"]


def test_a_program_that_fails_is_quoted_with_its_last_words():
    with pytest.raises(CommandFailed, match=r"ended with 3: why"):
        shell.run([sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"], timeout=20)


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(LabError, match="there is no program `no-such-program`"):
        shell.run(["no-such-program"], timeout=1)


def test_a_program_and_its_children_are_ended_at_the_deadline():
    with pytest.raises(TimedOut) as late:
        shell.run(["sh", "-c", "sleep 60 & echo $!; wait"], timeout=0.5)
    child = Path("/proc", late.value.last, "stat")

    def has_ended():
        return not child.exists() or child.read_text().rpartition(")")[2].split()[0] == "Z", "running"

    waiting.until("the child's end", has_ended, timeout=10)


def test_a_wait_names_what_it_waited_for_and_the_last_state():
    states, reported = iter(["red", "red", "amber", *["amber"] * 100]), []
    with pytest.raises(TimedOut) as caught:
        waiting.until(
            "green", lambda: (False, next(states)), timeout=0.2, interval=0.02, hint="look", on_state=reported.append
        )
    assert caught.value.what == "waited 0 s for green; last seen: amber"
    assert caught.value.hint == "look"
    assert reported == ["red", "amber"]


def test_a_wait_returns_the_state_that_ended_it():
    states = iter([(False, "red"), (True, "green")])
    assert waiting.until("green", lambda: next(states), timeout=30, interval=0) == "green"


@pytest.fixture
def locking(tmp_path):
    """Start a process that takes a cluster's lock, with a child; it prints what it waits for, then the child's pid."""
    script = (
        "import sys; from lab import config, lock, shell\n"
        f"settings = config.load({{'LAB_CACHE': {str(tmp_path)!r}, 'LAB_CLUSTER': sys.argv[2]}})\n"
        "say = lambda text: print(text, flush=True)\n"
        "with lock.exclusive(settings, sys.argv[1], say):\n"
        "    if sys.argv[3:]: shell.run(['sh', '-c', 'echo $$; exec sleep 60'], timeout=90, on_line=say)\n"
        "    print(shell.start(['sleep', '60']).pid, flush=True); sys.stdin.read(1)\n"
    )

    def start(*words):
        argv = [sys.executable, "-c", script, *words]
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")

    return start


def test_a_second_command_waits_for_what_a_killed_one_left_at_work(locking):
    with locking("first", "cats", "works") as first:
        child = int(first.stdout.readline())
        first.kill()
    with locking("second", "cats") as second:
        assert second.stdout.readline().startswith(f"what first (process {first.pid}, since ")
        os.kill(child, signal.SIGKILL)
        os.kill(int(second.stdout.readline()), signal.SIGKILL)
        second.stdin.close()


def test_the_holder_is_named_until_it_is_killed_and_what_outlives_it_holds_nothing(locking):
    with locking("first", "cats") as first:
        beside = int(first.stdout.readline())
        with locking("second", "cats") as second:
            assert second.stdout.readline().startswith(f"first (process {first.pid}, since ")
            first.kill()
            os.kill(int(second.stdout.readline()), signal.SIGKILL)
            second.stdin.close()
        os.kill(beside, signal.SIGKILL)


def test_two_clusters_are_worked_on_at_once(locking):
    with locking("first", "cats") as first, locking("second", "dogs") as second:
        for process in (first, second):
            os.kill(int(process.stdout.readline()), signal.SIGKILL)
            process.stdin.close()


def test_a_link_in_the_place_of_a_lock_is_not_followed(settings, tmp_path):
    lock.folder(settings).mkdir(parents=True)
    (lock.folder(settings) / "cluster-cats.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(LabError, match=r"cluster-cats\.lock is a link"), lock.exclusive(settings, "lab", print):
        pass
    assert not (tmp_path / "precious").exists()


def test_what_works_in_the_caches_is_done_once_though_two_wait_for_it(settings):
    """And not again by the command that waited: another has done it by then."""
    made = []
    step = lock.one_at_a_time(
        settings, steps.Step("build", lambda _report: made.append(1), lambda: "built" if made else None)
    )
    threads = [threading.Thread(target=step.action, args=(lambda _text: None,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == [1]


def test_docker_is_not_stopped_while_a_command_works_on_another_cluster(settings):
    other = replace(settings, cluster="dogs")
    with lock.exclusive(other, "lab", print), lock.others_idle(settings) as idle:
        assert not idle
    with lock.others_idle(settings) as idle:
        assert idle


def test_cleaning_waits_for_every_cluster(settings):
    waited = []
    with lock.exclusive(replace(settings, cluster="dogs"), "lab deploy", print):
        thread = threading.Thread(target=lambda: lock.everything(settings, "lab clean", waited.append).__enter__())
        thread.start()
        waiting.until("the wait", lambda: (bool(waited), ""), timeout=20)
    thread.join(20)
    assert waited[0].startswith("lab deploy (process ")
    assert not thread.is_alive()
