"""The command line in process: exit codes and the exact words of its errors."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import click
import pytest

from lab import cli
from lab.cli import program
from lab.config import ROOT
from lab.errors import LabError
from lab.results import Check


@pytest.fixture
def lab(monkeypatch, capsys, tmp_path):
    """Run the command line on a machine without a cluster; returns its exit code, output and errors."""
    monkeypatch.setenv("LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr("lab.cli.signal.signal", lambda *_: None)

    def run(*words, **env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["lab", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out = capsys.readouterr()
        return ended.value.code, out.out, out.err

    return run


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param(["deploy"], "✗ LAB_FRONT_PORT is '80'\n  → use a port from 1024 to 65535\n", id="setting"),
        pytest.param(["kind-upp"], "No such command 'kind-upp'", id="command"),
        pytest.param(["deploy", "--shape", "pod"], "'pod' is not one of 'pods', 'app', 'scale'", id="shape"),
        pytest.param(["status"], "`make kind-up`", id="no cluster"),
    ],
)
def test_what_cannot_be_is_refused_with_2_and_what_would_be_right(lab, words, error):
    code, out, err = lab(*words, **({"LAB_FRONT_PORT": "80"} if words == ["deploy"] else {}))
    assert (code, out) == (2, "")
    assert error in err


def test_an_error_is_json_where_json_was_asked_for(lab):
    code, out, _ = lab("status", "--json")
    assert (code, json.loads(out).keys()) == (2, {"error", "hint"})


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        pytest.param(KeyboardInterrupt(), 130, "interrupted: the same command again goes on from here", id="ctrl-c"),
        pytest.param(OSError(28, "No space left on device", "/x"), 1, "✗ /x: No space left on device", id="disk-full"),
        pytest.param(LabError("no", "try"), 1, "✗ no\n  → try", id="expected"),
    ],
)
def test_every_failure_ends_in_words_and_a_code(lab, monkeypatch, error, code, text):
    def fail(**_options):
        raise error

    monkeypatch.setattr(program.lab, "main", fail)
    ended, _, err = lab("status")
    assert ended == code
    assert text in err


def test_help_teaches_each_command_and_make_has_a_target_for_each(lab):
    _, out, _ = lab("--help")
    makefile = (ROOT / "Makefile").read_text()
    for name, command in program.lab.commands.items():
        assert f"\n  {name} " in out
        assert command.help
        if not isinstance(command, click.Group) and not any(parameter.required for parameter in command.params):
            assert f"\n{name}: $(LAB) ## " in makefile


def test_help_loads_nothing_that_only_the_commands_need():
    heavy = ("kubernetes", "rich", "jinja2", "msgspec")
    code = f"import sys; from lab.cli import program; sys.exit(str([m for m in {heavy} if m in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    ("before", "code", "error"),
    [
        pytest.param("SIG_DFL", 130, f"{cli.INTERRUPTED}\n", id="ends in words"),
        pytest.param("SIG_IGN", 0, "", id="ignored by whoever started it"),
    ],
)
def test_stopped_while_it_is_still_imported(name, before, code, error):
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
    assert (done.returncode, done.stderr) == (code, error)


@pytest.mark.parametrize(
    ("words", "output"),
    [
        pytest.param(["SHAPE=scale"], "lab deploy --shape scale --faults", id="on by default"),
        pytest.param(["FAULTS=off"], "lab deploy --shape pods --no-faults", id="off"),
        pytest.param(["FAULTS=maybe"], "FAULTS is maybe: use on or off", id="neither"),
    ],
)
def test_make_passes_shape_and_faults_on(words, output):
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "deploy", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert output in done.stdout + done.stderr


def test_the_versions_are_tested_with_the_nodes_of_both(lab, monkeypatch):
    minors, started = [], []
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(os, "execv", lambda _program, argv: started.append(argv[1:]))
    monkeypatch.setattr("lab.cli.cluster.machine_steps", lambda _settings: [])
    monkeypatch.setattr("lab.cli.cluster.node_steps", lambda settings: minors.append(settings.kubernetes) or [])
    lab("test", "--versions")
    assert sorted(minors) == ["1.35", "1.37"]
    assert started == [["-m", "pytest", "tests/versions"]]


def test_the_unit_tests_need_redis_and_say_so_where_it_cannot_be_had(lab, monkeypatch):
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("the tests were run"))
    monkeypatch.setattr("lab.cluster.preflight.shutil.which", lambda *_, **__: None)
    code, _, err = lab("test", "--unit")
    assert code == 1
    assert "✗ this machine lacks redis-server" in err


def test_verify_as_json_is_one_document_with_the_verdict(lab, monkeypatch):
    check = Check("x", "here", "http://x", "back", "200", ok=False, why="y")
    monkeypatch.setattr("lab.experiments.matrix.verify.verify", lambda _settings: [check])
    code, out, err = lab("verify", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {"ok": False, "checks": [asdict(check)]}
