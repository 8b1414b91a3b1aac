"""The lab on each Python that is supported and here: set up by bootstrap in a clone, then its unit tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab import shell
from lab.config import ROOT

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
UNIT_SECONDS = 1200


def interpreter(version: str) -> str:
    """Return the real program of a version, past the shims of a version manager; empty where there is none."""
    for folder in (*os.get_exec_path(), *(Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin")):
        program = Path(folder) / f"python{version}"
        code = "import sys; print(sys.executable)"
        if program.exists():
            done = subprocess.run([program, "-Ic", code], capture_output=True, text=True, timeout=20, check=False)
            if done.returncode == 0:
                return done.stdout.strip()
    return ""


HERE = [version for version in SUPPORTED if version != f"{sys.version_info[0]}.{sys.version_info[1]}"]


@pytest.mark.nightly
@pytest.mark.timeout(2 * UNIT_SECONDS)
@pytest.mark.parametrize("version", [version for version in HERE if interpreter(version)])
def test_the_lab_is_set_up_and_its_unit_tests_pass(tmp_path, version):
    clone, programs = tmp_path / "clone", tmp_path / "bin"
    shell.run(["git", "clone", "--quiet", ROOT, clone], timeout=60)
    programs.mkdir()
    (programs / "python3").symlink_to(interpreter(version))
    env = {"PATH": f"{programs}:{os.environ['PATH']}"}
    shell.run([clone / "scripts" / "bootstrap"], timeout=600, env=env)
    assert version in shell.run([clone / ".venv" / "bin" / "python", "--version"], timeout=20).stdout
    shell.run([clone / ".venv" / "bin" / "lab", "test", "--unit"], timeout=UNIT_SECONDS, env=env)
    shutil.rmtree(clone)
