"""The wheel as others use it: in an empty folder with nothing else, and under a foreign project's tests."""

import shutil
import sys
import venv

import pytest

from lab import shell
from lab.config import ROOT

pytestmark = [pytest.mark.nightly, pytest.mark.cluster, pytest.mark.timeout(2400)]

SETTINGS = {"LAB_CLUSTER": "cats-wheel", "LAB_FRONT_PORT": "31480", "LAB_BACK_PORT": "31430"}
UP, INSTALL = 1800, 600


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory):
    """Install the wheel with all that it needs, as from an index."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    shell.run([sys.executable, "-m", "pip", *words], timeout=INSTALL)
    venv.create(folder / "venv", with_pip=True)
    wheel = next(folder.glob("*.whl"))
    python = folder / "venv" / "bin" / "python"
    shell.run([python, "-m", "pip", "install", "--quiet", wheel, "pytest", "pytest-xdist"], timeout=INSTALL)
    return python.parent


@pytest.fixture
def env(tmp_path):
    return {**SETTINGS, "KUBECONFIG": str(tmp_path / "kubeconfig"), "NO_COLOR": "1"}


def test_one_line_brings_it_up_deploys_and_verifies(bin_folder, env, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    try:
        done = shell.run([bin_folder / "lab", "kind-up", "deploy", "verify"], timeout=UP, env=env, cwd=empty)
    finally:
        shell.run([bin_folder / "lab", "kind-down"], timeout=300, env=env, cwd=empty)
    assert "answered as predicted" in done.stdout
    assert not list(empty.iterdir())


def test_a_foreign_project_is_green_under_xdist_and_leaves_nothing(bin_folder, env, tmp_path):
    project = shutil.copytree(ROOT / "tests" / "foreign", tmp_path / "foreign")
    done = shell.run([bin_folder / "pytest", "-n", "2"], timeout=UP, env=env, cwd=project, check=False)
    assert "2 passed" in done.stdout, done.stdout
    assert not _containers()


def test_a_failure_names_its_cause(bin_folder, env, tmp_path):
    """A Pod whose image is nowhere: the dump says so."""
    (tmp_path / "test_it.py").write_text(
        "def test_it(kind_cluster):\n"
        "    kind_cluster.kubectl('run', 'lost', '--image=nowhere.invalid/none:1')\n"
        "    kind_cluster.kubectl('wait', '--for=condition=Ready', 'pod/lost', '--timeout=15s')\n"
    )
    done = shell.run([bin_folder / "pytest", "test_it.py"], timeout=UP, env=env, cwd=tmp_path, check=False)
    assert "1 failed" in done.stdout
    assert 'Failed to pull image "nowhere.invalid/none:1"' in done.stdout


def _containers():
    name = f"label=io.x-k8s.kind.cluster={SETTINGS['LAB_CLUSTER']}"
    return shell.run(["docker", "ps", "--all", "--quiet", "--filter", name], timeout=30).stdout.strip()
