"""What a person's environment may hold, and the lab works all the same: looked at, asked, and deployed."""

import json
import sys
from pathlib import Path

import pytest

from lab import shell

CLOSED = "http://127.0.0.1:9"
KUBERC = """apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: get
  options: [{name: output, default: name}]
- command: apply
  options: [{name: dry-run, default: server}]
"""
ENVIRONMENTS = {
    "python": {
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "{folder}",
        "PYTHONSTARTUP": "/nowhere",
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PIP_USER": "1",
        "PIP_TARGET": "/nowhere",
        "VIRTUAL_ENV": "/nowhere",
    },
    "kind-and-docker": {
        "KIND_EXPERIMENTAL_PROVIDER": "podman",
        "KIND_EXPERIMENTAL_DOCKER_NETWORK": "x",
        "KIND_CLUSTER_NAME": "x",
        "DOCKER_DEFAULT_PLATFORM": "linux/s390x",
        "DOCKER_CONTENT_TRUST": "1",
        "DOCKER_API_VERSION": "1.1",
        "BUILDX_BUILDER": "none",
        "DOCKER_BUILDKIT": "1",
    },
    "make-shell-git": {
        "MAKEFLAGS": "-j8",
        "CDPATH": "/:/tmp",
        "BASH_ENV": "{folder}/click.py",
        "ENV": "{folder}/click.py",
        "GREP_OPTIONS": "--bogus",
        "GIT_DIR": "/nowhere",
        "TAR_OPTIONS": "--bogus",
    },
    "proxies": dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), CLOSED),
    "plain-terminal": {"LC_ALL": "POSIX", "LANG": "C", "TERM": "dumb", "COLUMNS": "20"},
    "no-home": {"HOME": ""},
    "home-that-cannot-be-written": {"HOME": "/dev/null/home", "LAB_CACHE": "{cache}"},
    "kubectl": {
        "KUBERC": "{folder}/kuberc",
        "KUBECTL_KUBERC": "true",
        "KUBE_EDITOR": "false",
        "KUBECTL_COMMAND_X": "1",
    },
}


@pytest.mark.parametrize("variables", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_an_environment_that_leaks_changes_nothing(cluster, tmp_path, variables):
    (tmp_path / "click.py").write_text("exit(7)\n")
    (tmp_path / "kuberc").write_text(KUBERC)
    env = {
        **cluster.env,
        **{
            name: value.format(folder=tmp_path, cache=cluster.settings.cache.parent)
            for name, value in variables.items()
        },
    }
    lab = Path(sys.prefix) / "bin" / "lab"
    shell.run([lab, "deploy"], timeout=200, env=env)
    status = shell.run(["sh", "-c", f"umask 077; exec '{lab}' status --json <&-"], timeout=60, env=env)
    assert json.loads(status.stdout)["cluster"] == cluster.settings.cluster
    assert "Traceback" not in shell.run([lab, "doctor"], timeout=60, env=env, check=False).stderr
