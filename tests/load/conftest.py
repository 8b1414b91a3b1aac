"""The load and the benchmarks are programs of their own, whose modules are found in their folders."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / "bench")]
