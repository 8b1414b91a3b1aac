"""What of a person's environment reaches the programs that the lab starts."""

import os
from pathlib import Path

import pytest

from lab import config, environment
from lab.errors import BadInput


@pytest.fixture(autouse=True)
def umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    "name",
    [
        *("KIND_EXPERIMENTAL_PROVIDER", "KIND_EXPERIMENTAL_DOCKER_NETWORK", "KIND_CLUSTER_NAME"),
        *("DOCKER_DEFAULT_PLATFORM", "DOCKER_BUILDKIT", "DOCKER_CONTENT_TRUST", "BUILDX_BUILDER", "BUILDKIT_HOST"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE"),
        *("PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_PREFIX", "PIP_NO_BINARY", "PIP_CONSTRAINT"),
        *("MAKEFLAGS", "MAKELEVEL", "BASH_ENV", "ENV", "CDPATH", "GREP_OPTIONS", "GIT_DIR", "TAR_OPTIONS"),
        "KUBECTL_EXTERNAL_DIFF",
    ],
)
def test_what_changes_how_programs_behave_is_ignored(name):
    env = {name: "x", "HOME": "/home/anna"}
    environment.settle(env)
    assert name not in env


@pytest.mark.parametrize(
    "name",
    [
        *("HTTPS_PROXY", "no_proxy", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH"),
        *("PIP_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE", "LAB_CACHE", "KUBECONFIG", "PATH", "LANG", "NO_COLOR"),
        *("TERM", "COLUMNS", "VIRTUAL_ENV", "SSL_CERT_FILE", "TMPDIR"),
    ],
)
def test_how_things_are_reached_and_shown_is_kept(name):
    env = {name: "x", "HOME": "/home/anna"}
    environment.settle(env)
    assert env[name] == "x"


def test_files_of_tools_cannot_say_it_either():
    env = {"PIP_USER": "1", "KUBERC": "/home/anna/kuberc"}
    environment.settle(env)
    assert (env["PIP_USER"], env["KUBERC"]) == ("0", "off")


@pytest.mark.parametrize("env", [{}, {"HOME": ""}], ids=["unset", "empty"])
def test_a_home_that_is_not_said_is_the_users_own(env):
    environment.settle(env)
    assert Path(env["HOME"]).is_absolute()


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def nobody(_uid):
        raise KeyError

    monkeypatch.setattr(environment.pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME")
    env = {}
    environment.settle(env)
    assert "HOME" not in env
    with pytest.raises(BadInput, match="no home folder"):
        config.load(env)


def test_files_that_go_into_images_can_be_read_there():
    environment.settle({})
    assert os.umask(0o077) == 0o022
