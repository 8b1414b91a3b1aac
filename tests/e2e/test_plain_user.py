"""A user with sudo, not in Docker's group yet: from a clone to a verified cluster, and nothing becomes root's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab import config, shell, steps
from lab.cluster import preflight
from lab.config import ROOT

USER = "lab-plain-user"
LAB = {"LAB_CLUSTER": "plain-user", "LAB_FRONT_PORT": "31085", "LAB_BACK_PORT": "31086"}
SUDOERS = Path("/etc/sudoers.d") / USER
COLD = 1500

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can make a user"),
]


class User:
    def __init__(self, home: Path) -> None:
        self.home, self.clone = home, home / "l'été $1" / "clone"

    def types(self, line: str, timeout: float = COLD) -> shell.Completed:
        """Run a line in the clone, as after a login; what says how indexes are reached is as on this machine."""
        reached = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
        words = ["sudo", "--set-home", f"--user={USER}", "--", "env", "-u", "SUDO_UID", *reached]
        words += [f"{name}={value}" for name, value in LAB.items()]
        return shell.run([*words, "sh", "-c", line], timeout=timeout, cwd=self.clone)

    def not_owned(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if path.lstat().st_uid != self.home.stat().st_uid]


@pytest.fixture
def user():
    """A new user with a copy of what was built here; gone afterwards, with the cluster."""
    report = steps.Report(print, steps.Event("start", "sudo"))
    preflight.install(preflight.lacking([preflight.Program("sudo", ("sudo",))]), report)
    shell.run(["useradd", "--create-home", "--shell", "/bin/sh", USER], timeout=30)
    try:
        SUDOERS.write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
        user = User(Path(f"~{USER}").expanduser())
        shell.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, user.clone], timeout=60)
        cache = config.load(os.environ).cache
        for part in ("node", "dependencies"):
            if (cache / part).exists():
                shutil.copytree(cache / part, user.home / ".cache" / cache.name / part, symlinks=True)
        shell.run(["chown", "--recursive", f"{USER}:", user.home], timeout=60)
        user.home.chmod(0o700)
        yield user
        user.types("make kind-down")
    finally:
        SUDOERS.unlink(missing_ok=True)
        subprocess.run(["userdel", "--remove", USER], check=False, capture_output=True)


def test_a_plain_user_comes_from_a_clone_to_a_verified_cluster(user):
    first = user.types("umask 077; make -j kind-up deploy")
    assert "member of the group docker" in first.stderr
    user.types("make verify")
    assert not user.not_owned()
    user.types("make kind-down")
    behind_sudo = user.types(f"sudo {' '.join(f'{name}={value}' for name, value in LAB.items())} make kind-up deploy")
    assert f"as {USER}" in behind_sudo.stderr
    assert not user.not_owned()
