"""``lab`` where it is installed from the wheel; also ``python -m chatroulette_lab``."""

import os
import sys
from typing import NoReturn

from chatroulette_lab import PROJECT


def main() -> NoReturn:
    """Run the lab; no package named `lab`, and no variable of Python's, comes before its own."""
    if not sys.flags.ignore_environment:
        os.execv(sys.executable, [sys.executable, "-E", "-P", "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - no shell
    sys.path.insert(0, str(PROJECT / "scripts"))
    from lab.cli import main as lab  # noqa: PLC0415 - found only now

    lab()


if __name__ == "__main__":
    main()
