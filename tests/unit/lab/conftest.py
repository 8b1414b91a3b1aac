"""Settings in a folder of the test's own, and made-up programs on PATH."""

import os
import shlex

import pytest

from lab import config


@pytest.fixture
def settings(tmp_path):
    return config.load({"LAB_CACHE": str(tmp_path / "cache"), "LAB_IMAGES": "packages"})


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell script on PATH under the name of a program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def write(name, script):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def docker(program, tmp_path):
    """Put a docker on PATH that answers by its first words and has nothing else; return what lists its calls."""
    calls = tmp_path / "docker-calls"
    calls.touch()

    def make(answers=None):
        cases = [f"{shlex.quote(words)}*) echo {shlex.quote(text)};;" for words, text in (answers or {}).items()]
        script = [f'echo "$*" >> {calls}', 'case "$*" in', *cases, "*) echo No such thing >&2; exit 1;;", "esac"]
        program("docker", "\n".join(script))
        return lambda: calls.read_text().splitlines()

    return make
