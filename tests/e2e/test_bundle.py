"""The bundle sets a machine up without a network: with a Docker of its own, in a namespace with loopback alone."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lab import shell

pytestmark = [pytest.mark.cluster, pytest.mark.nightly]
LIMIT = 900
OFFLINE = r"""
ip link set lo up
cd "$WORK"; export HOME=$WORK/home DOCKER_HOST=unix://$WORK/docker.sock; mkdir -p "$HOME"
unset XDG_CACHE_HOME KUBECONFIG
folders="--data-root $WORK/data --exec-root $WORK/run --pidfile $WORK/pid"
dockerd $OPTIONS $folders -H "$DOCKER_HOST" >dockerd.log 2>&1 &
daemon=$!
trap 'make -C "$WORK/chatroulette" kind-down; kill $daemon; wait $daemon' EXIT
timeout 60 sh -c 'until docker version >/dev/null 2>&1; do sleep 0.5; done' || exit 1
tar xf "$FILE" || exit 1
chatroulette-bundle/load "$WORK/chatroulette" || exit 1
cd chatroulette
export LAB_IMAGES=packages LAB_PROGRESS=$WORK/progress.json
make kind-up deploy || exit 1
.venv/bin/lab lesson prove selector
"""


@pytest.fixture(scope="module")
def bundle(cluster, tmp_path_factory):
    file = tmp_path_factory.mktemp("bundle") / "class.tar.gz"
    cluster.lab("deploy")
    cluster.lab("bundle", "create", str(file), timeout=600)
    return file


@pytest.mark.timeout(LIMIT + 100)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network namespace")
def test_a_class_begins_without_a_network(bundle, cluster, tmp_path):
    """From Docker and Python to a lesson that is proven."""
    wrapper = cluster.settings.cache / "runc-within-bounds"  # where the machine's own Docker needs it, so does this one
    options = f"--add-runtime within-bounds={wrapper} --default-runtime within-bounds" if wrapper.exists() else ""
    env = {"WORK": str(tmp_path), "FILE": str(bundle), "OPTIONS": options}
    done = shell.run(["unshare", "--net", "bash", "-c", OFFLINE], timeout=LIMIT, env=env, check=False)
    assert done.code == 0, f"{done.stdout[-3000:]}{done.stderr[-1000:]}"
    assert "✓ selector" in done.stdout


def test_a_damaged_copy_is_refused(bundle, tmp_path):
    with tarfile.open(bundle) as archive:
        archive.extractall(tmp_path, filter="data")
    content = tmp_path / "chatroulette-bundle"
    with (content / "images.tar").open("r+b") as file:
        file.seek(1000)
        file.write(b"miaou")
    done = subprocess.run([content / "load", tmp_path / "target"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "✗ the bundle is damaged" in done.stderr
    assert not (tmp_path / "target").exists()


def test_a_part_of_an_archive_is_none(bundle, tmp_path):
    part = tmp_path / "part.tar.gz"
    part.write_bytes(bundle.read_bytes()[:100_000])
    program = Path(sys.prefix) / "bin" / "lab"
    done = shell.run([program, "bundle", "load", part, tmp_path / "target"], timeout=60, check=False, cwd=tmp_path)
    assert done.code == 2
    assert "is no bundle, or only a part of one" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.tar.gz"]
