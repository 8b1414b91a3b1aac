"""The load is a program of its own, whose modules are found in its folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "load"))
