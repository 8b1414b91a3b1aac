"""scripts/bootstrap with a made-up Python: what it chooses, what it makes anew, and what it says."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from lab.config import ROOT

PYTHON = """#!/bin/sh
case "$*" in
*version_info*) exit {old};;
*ensurepip*) exit {no_venv};;
-m\\ venv*) mkdir -p "$3/bin"; ln -s "{folder}/python3.real" "$3/bin/python"; echo venv >> "{folder}/venvs";;
*" install "*) env > "{folder}/seen-by-pip";;
*lab.cli*) shift 5; echo "lab $* in $PWD";;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A clone in a folder that shells stumble over, and the only programs on its PATH."""
    system, programs, root = tmp_path / "system", tmp_path / "bin", tmp_path / "l'été à $HOME"
    for folder in (system, programs, root / "scripts"):
        folder.mkdir(parents=True)
    for name in (
        "awk",
        "cat",
        "chmod",
        "dirname",
        "env",
        "id",
        "ln",
        "ls",
        "mkdir",
        "mv",
        "readlink",
        "rm",
        "sed",
        "sh",
    ):
        (system / name).symlink_to(shutil.which(name))
    bootstrap = root / "scripts" / "bootstrap"
    text = (ROOT / "scripts" / "bootstrap").read_text()
    bootstrap.write_text(text.replace("/usr/bin/python3", f"{programs}/debian-python3"))
    bootstrap.chmod(0o755)
    return SimpleNamespace(root=root, programs=programs, path=f"{programs}:{system}")


def add(clone, name, script):
    (clone.programs / name).write_text(script)
    (clone.programs / name).chmod(0o755)


def add_python(clone, *, old=0, no_venv=0):
    add(clone, "python3.real", PYTHON.format(old=old, no_venv=no_venv, folder=clone.programs))
    (clone.programs / "python3").unlink(missing_ok=True)
    (clone.programs / "python3").symlink_to("python3.real")


def run(clone, *words, cwd=None, program="scripts/bootstrap", **env):
    return subprocess.run(
        [clone.root / program, *words],
        cwd=cwd or clone.root.parent,
        env={"PATH": clone.path, **env},
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )


def made(clone):
    return (clone.programs / "venvs").read_text().count("venv")


@pytest.fixture
def bootstrapped(clone):
    add_python(clone)
    assert run(clone).returncode == 0
    return clone


def test_the_lab_runs_in_the_folder_of_whoever_calls_it_whatever_the_clone_s_is_called(bootstrapped, tmp_path):
    (tmp_path / "link").symlink_to(bootstrapped.root / ".venv" / "bin" / "lab")
    for program in (".venv/bin/lab", "../link"):
        done = run(bootstrapped, "status", "a  b", program=program, CDPATH="/tmp")
        assert (done.stdout, done.stderr) == (f"lab status a  b in {tmp_path}\n", "")


def test_what_stands_is_kept(bootstrapped):
    assert run(bootstrapped, cwd=bootstrapped.root, CDPATH="/").returncode == 0
    assert made(bootstrapped) == 1


@pytest.mark.parametrize("change", ["moved", "another-python", "no-python", "made-before"])
def test_what_stands_no_more_is_made_anew_before_the_lab_runs(bootstrapped, change):
    programs = bootstrapped.programs
    if change == "moved":
        bootstrapped.root = bootstrapped.root.rename(bootstrapped.root.with_name("elsewhere"))
    elif change == "made-before":
        (bootstrapped.root / ".venv" / "made").unlink()
    else:
        (programs / "python3.real").rename(programs / "python3.next")
        add_python(bootstrapped)
        if change == "another-python":
            (bootstrapped.root / ".venv" / "bin" / "python").unlink()
            (bootstrapped.root / ".venv" / "bin" / "python").symlink_to(programs / "python3.next")
        else:
            (bootstrapped.root / ".venv" / "bin" / "python").unlink()
            (bootstrapped.root / ".venv" / "bin" / "python").symlink_to("/nowhere")
    done = run(bootstrapped, "status", program=".venv/bin/lab")
    assert done.stdout.startswith("lab status")
    assert "Setting up the lab" in done.stderr
    assert made(bootstrapped) == 2


def test_pip_is_given_how_an_index_is_reached_and_nothing_else(clone):
    add_python(clone)
    ignored = {"PIP_TARGET": "/x", "PIP_REQUIRE_VIRTUALENV": "1", "PYTHONHOME": "/x", "PYTHONPATH": "/x"}
    kept = {"PIP_INDEX_URL": "https://index.test", "PIP_CERT": "/cert", "HTTPS_PROXY": "http://proxy.test"}
    assert run(clone, PIP_USER="1", **ignored, **kept).returncode == 0
    seen = dict(line.split("=", 1) for line in (clone.programs / "seen-by-pip").read_text().splitlines())
    assert kept.items() <= seen.items()
    assert seen["PIP_USER"] == "0"
    assert not seen.keys() & ignored.keys()


@pytest.mark.parametrize(
    ("python", "error"),
    [
        pytest.param({"old": 1}, "is here, and 3.11 is needed", id="too-old"),
        pytest.param({"no_venv": 1}, "python3 has no venv", id="without-venv"),
    ],
)
def test_a_python_that_does_not_do_is_named_where_no_apt_can_mend_it(clone, python, error):
    add_python(clone, **python)
    done = run(clone)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 2)
    assert error in done.stderr


def test_venv_comes_from_debian_s_packages_through_sudo(clone):
    add_python(clone, no_venv=1)
    install = f'mv "{clone.programs}/newer" "{clone.programs}/debian-python3"'
    add(clone, "apt-get", f'#!/bin/sh\necho "$*" >> "{clone.programs}/apt"; [ "$1" = update ] || {install}\n')
    add(clone, "newer", PYTHON.format(old=0, no_venv=0, folder=clone.programs))
    add(clone, "sudo", f'#!/bin/sh\necho sudo >> "{clone.programs}/apt"; exec "$@"\n')
    done = run(clone)
    assert "Installing Python from Debian's packages: python3 has no venv" in done.stderr
    assert "python3-venv" in (clone.programs / "apt").read_text()


def test_behind_sudo_a_user_s_clone_is_worked_in_as_that_user(bootstrapped):
    add(bootstrapped, "id", "#!/bin/sh\necho 0\n")
    add(bootstrapped, "sudo", '#!/bin/sh\necho "$@"\n')
    if os.getuid() == 0:
        os.chown(bootstrapped.root, 12345, 12345)
    owner = bootstrapped.root.stat().st_uid
    done = run(bootstrapped, "status", program=".venv/bin/lab", SUDO_UID=str(owner), SUDO_USER="anna")
    assert f"--set-home --user=#{owner} -- env -u SUDO_UID" in done.stdout
    assert done.stdout.endswith("scripts/bootstrap run status\n")
    assert "as anna" in done.stderr
    done = run(bootstrapped, "status", program=".venv/bin/lab", SUDO_UID=str(owner + 1), SUDO_USER="otto")
    assert done.stdout.startswith("lab status")  # root's shell in root's clone, or in another's
