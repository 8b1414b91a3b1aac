"""The page under Lighthouse, in both languages, as a desktop and as a slow telephone see it.

Lighthouse is pinned in tests/bench/lighthouse and comes from the npm registry into the cache when it first runs.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import harness
import services
from figures import Figure, at_least, figure

from lab import shell
from lab.cluster import preflight
from lab.errors import LabError

PINNED = Path(__file__).with_name("lighthouse")
NODE = (preflight.Program("node", ("nodejs",)), preflight.Program("npm", ("npm",)))
CHROMIUM = preflight.BROWSER[:1]
LANGUAGES = ("fr", "en")
PRESETS = {"desktop": ("--preset=desktop",), "telephone": ()}
"""Lighthouse's own: without one it is a telephone on a slow network."""
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
POINTS, RUNS = 95, 3
INSTALL, RUN = 300, 180
"""Seconds."""


def measure() -> Generator[Figure, None, None]:
    """Audit the page as the frontend serves it here, with a backend behind it."""
    program = _lighthouse()
    back = services.service("backend")
    front = services.service("frontend", back.port)
    with back.running("/livez"), front.running("/livez"):
        for language in LANGUAGES:
            for preset, words in PRESETS.items():
                harness.progress(f"page: Lighthouse, {language}, {preset}")
                url = f"http://127.0.0.1:{front.port}/"
                reports = [_audit(program, url, language, words) for _ in range(RUNS)]
                yield lighthouse_figure(f"Lighthouse's least category: {language}, {preset}", reports)


def lighthouse_figure(name: str, reports: Sequence[Mapping[str, Any]]) -> Figure:
    """Return the least of the categories' scores of each run; the note has all of the last, and what cost points."""
    last = ", ".join(f"{category} {score:.0f}" for category, score in scores(reports[-1]).items())
    note = "\n".join([last, *_costly_audits(reports[-1])])
    return figure(name, "points", (min(scores(report).values()) for report in reports), at_least(POINTS), note=note)


def scores(report: Mapping[str, Any]) -> dict[str, float]:
    """Read the categories' scores, 100 the best; a category that could not be judged has none."""
    if report.get("runtimeError"):
        raise LabError(f"Lighthouse: {report['runtimeError'].get('message')}")
    return {category: 100 * float(report["categories"][category]["score"] or 0) for category in CATEGORIES}


def _costly_audits(report: Mapping[str, Any]) -> list[str]:
    """Return the audits that cost points, the dearest first, five at most."""
    costs: dict[str, float] = {}
    for category in CATEGORIES:
        for audit in report["categories"][category]["auditRefs"]:
            score = report["audits"][audit["id"]]["score"]
            if score is not None and audit["weight"]:
                costs[audit["id"]] = audit["weight"] * (1 - score)
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
        harness.progress(f"page: installing {', '.join(program.name for program in missing)}")
        preflight.install(missing, harness.quiet)
    lock = (PINNED / "package-lock.json").read_bytes()
    home = harness.scratch() / f"lighthouse-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not home.exists():
        harness.progress("page: fetching Lighthouse, half a minute, once")
        _install(home)
    return home / "node_modules" / "lighthouse" / "cli" / "index.js"


def _install(home: Path) -> None:
    with harness.folder() as work:
        shutil.copytree(PINNED, work / "new")
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
        shell.run(words, cwd=work / "new", timeout=INSTALL, env={"CI": "1"}, hint="is npm's registry in reach?")
        os.rename(work / "new", home)  # noqa: PTH104 - whole or not at all
