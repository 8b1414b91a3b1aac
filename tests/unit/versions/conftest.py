"""What names the differences is a module of the tests on two versions, found in their folder."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "versions"))
