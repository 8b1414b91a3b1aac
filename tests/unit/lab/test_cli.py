"""The command line in process: exit codes and the exact words of its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from lab import cli
from lab.cli import program
from lab.config import ROOT
from lab.errors import LabError
from lab.results import Check


def run(monkeypatch, capsys, *words, **env):
    for name, value in env.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(sys, "argv", ["lab", *words])
    monkeypatch.setattr("lab.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr()
    return ended.value.code, out.out, out.err


def test_a_wrong_setting_is_one_line_what_to_do_and_exit_2(monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, "status", LAB_FRONT_PORT="80")
    assert (code, out) == (2, "")
    assert err.splitlines() == ["✗ LAB_FRONT_PORT is '80'", "  → use a port from 1024 to 65535"]


def test_an_unknown_command_exits_2(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "kind-upp")
    assert code == 2
    assert "No such command 'kind-upp'" in err


def test_an_unknown_shape_names_the_right_ones(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "deploy", "--shape", "pod")
    assert code == 2
    assert "'pod' is not one of 'pods', 'app', 'scale'" in err


def test_without_a_cluster_nothing_is_tried(monkeypatch, capsys, tmp_path):
    code, _, err = run(monkeypatch, capsys, "status", KUBECONFIG=tmp_path / "none")
    assert code == 2
    assert f"✗ there is no kubeconfig {tmp_path}/none" in err
    assert "`make kind-up`" in err


def test_an_error_is_json_where_json_was_asked_for(monkeypatch, capsys, tmp_path):
    code, out, _ = run(monkeypatch, capsys, "status", "--json", KUBECONFIG=tmp_path / "none")
    assert code == 2
    assert json.loads(out).keys() == {"error", "hint"}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        pytest.param(KeyboardInterrupt(), 130, "interrupted: the same command again goes on from here", id="ctrl-c"),
        pytest.param(OSError(28, "No space left on device", "/x"), 1, "✗ /x: No space left on device", id="disk-full"),
        pytest.param(LabError("no", "try"), 1, "✗ no\n  → try", id="expected"),
    ],
)
def test_every_failure_ends_in_words_and_a_code(monkeypatch, capsys, error, code, said):
    def fail(**_options):
        raise error

    monkeypatch.setattr(program.lab, "main", fail)
    got, _, err = run(monkeypatch, capsys, "status")
    assert got == code
    assert said in err


def test_help_teaches_each_command_and_make_has_a_target_for_each(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, "--help")
    makefile = (ROOT / "Makefile").read_text()
    for name, command in program.lab.commands.items():
        assert f"\n  {name} " in out
        assert command.help
        assert f"\n{name}: $(LAB) ## " in makefile


def test_help_loads_neither_the_kubernetes_client_nor_rich():
    code = "import sys; from lab.cli import program; sys.exit(any(m in sys.modules for m in ('kubernetes', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    ("before", "code", "said"),
    [
        pytest.param("SIG_DFL", 130, f"{cli.INTERRUPTED}\n", id="ends in words"),
        pytest.param("SIG_IGN", 0, "", id="ignored by whoever started it"),
    ],
)
def test_stopped_while_it_is_still_imported(name, before, code, said):
    script = (
        "import os, signal, sys\n"
        "class Stops:\n"
        "    def find_spec(self, module, *_):\n"
        f"        if module == 'click': os.kill(os.getpid(), signal.{name})\n"
        "sys.meta_path.insert(0, Stops())\n"
        f"if signal.{before} is signal.SIG_IGN: signal.signal(signal.{name}, signal.{before})\n"
        "sys.argv = ['lab', '--version']\n"
        "from lab.cli import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_second_command_waits_for_the_first(tmp_path):
    """The lock is the kernel's: it is let go of however the first one ends."""
    script = (
        "import sys; from lab import lock\n"
        f"lock.FOLDER = {str(tmp_path)!r}\n"
        "with lock.exclusive(sys.argv[1], lambda state: state and print(state, flush=True)):\n"
        "    print('holds', flush=True); sys.stdin.read(1)\n"
    )

    def start(name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path("/"),
        )

    with start("first") as first:
        assert first.stdout.readline() == "holds\n"
        with start("second") as second:
            assert second.stdout.readline() == f"first (process {first.pid})\n"
            first.kill()
            assert second.stdout.readline() == "holds\n"
            second.stdin.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["SHAPE=scale"], "lab deploy --shape scale --faults", id="on by default"),
        pytest.param(["FAULTS=off"], "lab deploy --shape pods --no-faults", id="off"),
        pytest.param(["FAULTS=maybe"], "FAULTS is maybe: use on or off", id="neither"),
    ],
)
def test_make_passes_shape_and_faults_on(words, said):
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "deploy", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said in done.stdout + done.stderr


def test_the_versions_are_tested_with_the_nodes_of_both(monkeypatch, capsys, tmp_path):
    had, became = [], []
    monkeypatch.setattr("lab.cli.develop._exec_python", lambda *words: became.append(words))
    monkeypatch.setattr("lab.cli.develop.cluster.machine_steps", lambda _settings: [])
    monkeypatch.setattr("lab.cli.develop.cluster.node_steps", lambda settings: had.append(settings.kubernetes) or [])
    run(monkeypatch, capsys, "test", "--versions", LAB_CACHE=tmp_path)
    assert sorted(had) == ["1.35", "1.37"]
    assert became == [("-m", "pytest", "tests/versions")]


def test_the_unit_tests_need_redis_and_say_so_where_it_cannot_be_had(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("lab.cli.develop._exec_python", lambda *_: pytest.fail("the tests were run"))
    monkeypatch.setattr("lab.cluster.preflight.shutil.which", lambda *_, **__: None)
    code, _, err = run(monkeypatch, capsys, "test", "--unit", LAB_CACHE=tmp_path)
    assert code == 1
    assert "✗ this machine lacks redis-server" in err


def test_verify_as_json_is_one_document_with_the_verdict(monkeypatch, capsys):
    check = Check("x", "here", "http://x", "back", "200", ok=False, why="y")
    monkeypatch.setattr("lab.deploy.verify.verify", lambda _settings: [check])
    code, out, err = run(monkeypatch, capsys, "verify", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {"ok": False, "checks": [asdict(check)]}
