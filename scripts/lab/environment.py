"""What the environment may say to the lab's programs: how networks and daemons are reached, not how programs behave."""

from __future__ import annotations

import contextlib
import os
import pwd

TYPE_CHECKING = False  # as typing's own, whose import takes longer than all that is done here
if TYPE_CHECKING:
    from collections.abc import MutableMapping

_PREFIXES = ("BUILDKIT_", "BUILDX_", "DOCKER_CONTENT_TRUST", "GIT_", "KIND_", "KUBECTL_", "PYTHON")
_NAMES = frozenset(
    (
        *("BASHOPTS", "BASH_ENV", "CDPATH", "ENV", "GREP_OPTIONS", "POSIXLY_CORRECT", "SHELLOPTS", "TAR_OPTIONS"),
        *("DOCKER_API_VERSION", "DOCKER_BUILDKIT", "DOCKER_DEFAULT_PLATFORM", "KUBERC"),
        *("GNUMAKEFLAGS", "MAKEFILES", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"),
    )
)
_PIP_KEPT = (
    *("CERT", "CLIENT_CERT", "CONFIG_FILE", "EXTRA_INDEX_URL", "FIND_LINKS", "INDEX_URL", "KEYRING_PROVIDER"),
    *("NO_INDEX", "PROXY", "RETRIES", "TRUSTED_HOST", "CACHE_DIR", "NO_CACHE_DIR", "TIMEOUT", "DEFAULT_TIMEOUT"),
)
"""How pip reaches an index; where and how it installs is the lab's to say."""
_SET = {"PIP_USER": "0", "KUBERC": "off", "KUBECTL_KUBERC": "false"}
"""pip's and kubectl's own files can say it too (pip.pypa.io/en/stable/topics/configuration, kubectl's kuberc)."""


def settle(env: MutableMapping[str, str]) -> None:
    """Take out of this process's environment what would change its programs; let files be readable in images."""
    for name in list(filter(ignored, env)):
        del env[name]
    env.update(_SET)
    if not env.get("HOME"):  # Go and Docker's client have no other way to find it
        env.pop("HOME", None)
        with contextlib.suppress(KeyError):  # a user without a name; config says what is missing
            env["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
    os.umask(0o022)


def ignored(name: str) -> bool:
    if name.startswith("PIP_"):
        return name.removeprefix("PIP_") not in _PIP_KEPT
    return name in _NAMES or name.startswith(_PREFIXES)
