"""Design rules that a test can hold: imports point down, the three distributions stay apart."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LAYERS = [
    {"cli", "testing"},
    {"report", "lessons", "experiments"},
    {"deploy"},
    {"images", "cluster"},
    {"kube", "docker", "shell", "waiting", "events", "reach", "lock"},
    {"config", "results", "findings", "errors"},
]
LEVEL = {name: number for number, names in enumerate(LAYERS) for name in names}


def imported(path: Path) -> set[str]:
    """Name the modules that a file imports, in full."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def parts_of_the_lab() -> list:
    lab = ROOT / "scripts" / "lab"
    return [pytest.param(path, id=str(path.relative_to(lab))) for path in sorted(lab.rglob("*.py"))]


@pytest.mark.parametrize("path", parts_of_the_lab())
def test_imports_point_down(path):
    """A package may import its own modules, and what stands below it; siblings of the two upper rows stay apart."""
    own = path.relative_to(ROOT / "scripts" / "lab").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    others = {name.split(".")[1] for name in imported(path) if name.startswith("lab.")} - {own}
    upper = LEVEL[own] < LEVEL["kube"]
    wrong = {other for other in others if LEVEL[other] < LEVEL[own] or (upper and LEVEL[other] == LEVEL[own])}
    assert not wrong, f"{own} must not import {wrong}"


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("backend", {"frontend", "lab", "roulette"}),
        ("frontend", {"backend", "lab", "roulette"}),
        ("scripts/lab", {"backend", "frontend"}),
        ("scripts/roulette", {"backend", "frontend", "lab"}),
    ],
)
def test_services_and_lab_never_import_one_another(package, others):
    """The lab uses the client, which stands alone."""
    paths = list((ROOT / package).rglob("*.py"))
    assert paths
    for path in paths:
        assert not {name.split(".")[0] for name in imported(path)} & others, path
