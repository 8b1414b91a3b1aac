"""The page under Lighthouse, in both languages, as a desktop and as a slow telephone see it.

Lighthouse is pinned in tests/bench/lighthouse and comes from the npm registry into the cache when it first runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
import services
from figures import Bound, Figure, Series

from lab import shell
from lab.cluster import preflight
from lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

PINNED = Path(__file__).with_name("lighthouse")
NODE = (preflight.Program("node", ("nodejs",)), preflight.Program("npm", ("npm",)))
CHROMIUM = preflight.BROWSER[:1]
LANGUAGES = ("fr", "en")
PRESETS = {"desktop": ("--preset=desktop",), "telephone": ()}
"""Lighthouse's own: without one it is a telephone on a slow network."""
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
ASKED, RUNS = 95, 3
INSTALL, RUN = 300, 180
"""Seconds."""


def measure() -> Generator[Figure, None, None]:
    """Audit the page as the frontend serves it here, with a backend behind it."""
    program = _lighthouse()
    with services.running("backend") as (back, _), services.running("frontend", back) as (front, _):
        for language in LANGUAGES:
            for preset, words in PRESETS.items():
                harness.say(f"page: Lighthouse, {language}, {preset}")
                url = f"http://127.0.0.1:{front}/"
                reports = [_audit(program, url, language, words) for _ in range(RUNS)]
                yield figure(f"Lighthouse's least category: {language}, {preset}", reports)


def figure(name: str, reports: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the least of the categories' scores of each run; the note has all of the last, and what cost points."""
    last = ", ".join(f"{one} {score:.0f}" for one, score in scores(reports[-1]).items())
    note = "\n".join([last, *_lacking(reports[-1])])
    least = tuple(min(scores(report).values()) for report in reports)
    return Figure(name, "points", Series("ours", least), asked=Bound("least", ASKED), note=note)


def scores(report: Mapping[str, Any]) -> dict[str, float]:
    """Read the categories' scores, 100 the best; a category that could not be judged has none."""
    if report.get("runtimeError"):
        raise LabError(f"Lighthouse: {report['runtimeError'].get('message')}")
    return {one: 100 * float(report["categories"][one]["score"] or 0) for one in CATEGORIES}


def _lacking(report: Mapping[str, Any]) -> list[str]:
    """Name the audits that cost points, the dearest first, five at most."""
    costs: dict[str, float] = {}
    for category in CATEGORIES:
        for one in report["categories"][category]["auditRefs"]:
            score = report["audits"][one["id"]]["score"]
            if score is not None and one["weight"]:
                costs[one["id"]] = one["weight"] * (1 - score)
    worst = sorted((name for name, cost in costs.items() if cost > 0.5), key=lambda name: -costs[name])
    return [f"{report['audits'][name]['title']} {report['audits'][name].get('displayValue', '')}" for name in worst[:5]]


def _audit(program: Path, url: str, language: str, words: tuple[str, ...]) -> dict[str, Any]:
    chromium = preflight.find_program(CHROMIUM[0].name)
    flags = "--headless=new --no-sandbox --disable-dev-shm-usage"
    headers = json.dumps({"Accept-Language": language})
    options = ["--quiet", "--output=json", f"--chrome-flags={flags}", f"--extra-headers={headers}", *words]
    options.append(f"--only-categories={','.join(CATEGORIES)}")
    done = shell.run(["node", program, url, *options], timeout=RUN, env={"CHROME_PATH": str(chromium)})
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _lighthouse() -> Path:
    """Return Lighthouse's program; npm checks each package against the lock file."""
    if missing := preflight.lacking([*NODE, *CHROMIUM]):
        harness.say(f"page: installing {', '.join(program.name for program in missing)}")
        preflight.install(missing, harness.quiet)
    lock = (PINNED / "package-lock.json").read_bytes()
    home = harness.scratch() / f"lighthouse-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not home.exists():
        harness.say("page: fetching Lighthouse, half a minute, once")
        _install(home)
    return home / "node_modules" / "lighthouse" / "cli" / "index.js"


def _install(home: Path) -> None:
    with harness.folder() as work:
        shutil.copytree(PINNED, work / "new")
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
        shell.run(words, cwd=work / "new", timeout=INSTALL, env={"CI": "1"}, hint="is npm's registry in reach?")
        os.rename(work / "new", home)  # noqa: PTH104 - whole or not at all
