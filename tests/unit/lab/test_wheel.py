"""The wheel, in an empty venv: one package, and a lab that works from it."""

import json
import os
import site
import subprocess
import sys
import venv
import zipfile

import pytest

from lab.cli import sequence, wording
from lab.config import ROOT

LIMIT = 5_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install it beside this Python's own packages, which are found by their folder: no clone is."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel], check=True
    )
    packages = next(folder.glob("lib/*/site-packages"))
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin" / "lab"


def run(installed, *words, folder, **env):
    command = [installed, *words]
    env = {**os.environ, "LAB_CACHE": str(folder / "cache"), **env}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_it_has_one_package_and_is_small(wheel):
    assert wheel.stat().st_size < LIMIT
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"chatroulette_lab"}


def test_it_says_what_it_is_made_of(wheel):
    record = json.loads(zipfile.ZipFile(wheel).read("chatroulette_lab/project/source.json"))
    assert set(record) == {"commit", "time"}


def test_doctor_works_in_an_empty_folder(installed, tmp_path):
    done = run(installed, "doctor", "--json", folder=tmp_path)
    assert "Python" in {item["name"] for item in json.loads(done.stdout)["requirements"]}


def test_a_package_of_the_same_name_as_the_labs_changes_nothing(installed, tmp_path):
    (tmp_path / "lab.py").write_text("exit(7)")
    assert run(installed, "--version", folder=tmp_path, PYTHONPATH=str(tmp_path)).returncode == 0


def test_a_failing_command_ends_the_line(installed, tmp_path):
    done = run(installed, "status", "deploy", folder=tmp_path, KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode
    assert done.stderr.count("✗") == 1
    assert "lab kind-up" in done.stderr


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        pytest.param([], [[]], id="nothing"),
        pytest.param(["kind-up"], [["kind-up"]], id="one"),
        pytest.param(["kind-up", "deploy", "verify"], [["kind-up"], ["deploy"], ["verify"]], id="three"),
        pytest.param(
            ["kind-up", "-v", "deploy", "--shape", "app", "verify"],
            [["kind-up", "-v"], ["deploy", "--shape", "app"], ["verify"]],
            id="options",
        ),
        pytest.param(["debug", "deploy"], [["debug", "deploy"]], id="a Pod of a command's name"),
    ],
)
def test_a_line_is_split_into_commands(words, commands):
    assert sequence.split(words) == commands


def test_a_hint_names_commands_that_are_there():
    assert wording.hint("`make deploy SHAPE=app`", installed=True) == "`lab deploy --shape app`"
    assert wording.hint("make room, then make kind-up", installed=True) == "make room, then lab kind-up"
    assert wording.hint("`make deploy`", installed=False) == "`make deploy`"
