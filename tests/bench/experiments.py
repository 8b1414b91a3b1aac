"""The experiments: how long the name matrix takes, beside one `kubectl exec` a cell; how long all take; what disagrees.

On a cluster of the benchmarks' own. A naive way to measure the matrix is one `kubectl exec` with one request for each
cell, one after the other: it is timed on a sample of cells, and multiplied by their number.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cluster
import harness
import meters
import msgspec
from figures import Bound, Figure, Series

from lab import shell
from lab.errors import LabError
from lab.experiments import parallel
from lab.experiments.catalog import CATALOGUE
from lab.experiments.matrix import names
from lab.experiments.results import Experiment
from lab.images import app
from lab.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

NAMES, SAMPLE, RUNS = 5, 12, 20
LONGEST = 600
"""Seconds that all experiments together may take here before it is given up."""
MATRICES = ("names", "binds", "whatif")
_ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=2).status)"


def measure() -> Generator[Figure, None, None]:
    """Bring a cluster up, and measure on it with nothing else on the machine."""
    with cluster.benchmark_cluster() as bench:
        harness.say("experiments: bringing a cluster up")
        bench.lab("kind-up", timeout=cluster.FIRST)
        _run(bench, "names")
        yield _matrix(bench)
        meters.rest()
        yield from _everything(bench)
        meters.rest()
        yield from _agreement(bench)


def _matrix(bench: cluster.Bench) -> Figure:
    harness.say(f"experiments: the name matrix, {NAMES} times, and one kubectl exec a cell")
    runs = [_at_rest(bench) for _ in range(NAMES)]
    cells = len(runs[-1][1][0].cells)
    naive = statistics.median(_naive(bench)) * cells
    return Figure(
        "the name matrix, from a running cluster at rest",
        "s",
        Series("lab experiment names", tuple(took for took, _ in runs)),
        (Series(f"one kubectl exec a cell, {SAMPLE} timed, times {cells}", (naive,)),),
        Bound("most", 10),
        f"{cells} cells; Pods made and gone included, for ours alone",
    )


def _at_rest(bench: cluster.Bench) -> tuple[float, list[Experiment]]:
    """Run the name matrix once the Pods of the run before are gone, which takes CPU."""
    meters.rest()
    return _run(bench, "names")


def _everything(bench: cluster.Bench) -> Generator[Figure, None, None]:
    """Time them all together; raises LabError where one of them is missing: less work is no figure."""
    harness.say("experiments: all at the same time")
    took, found = _run(bench, "all")
    if missing := CATALOGUE.keys() - {one.experiment for one in found}:
        raise LabError(f"not all experiments were run, without {', '.join(sorted(missing))}")
    alone = sum(one.seconds for one in found if one.experiment != "claims")
    yield Figure(
        "all experiments, those in time included",
        "s",
        Series("lab experiment all", (took,)),
        (Series("their own seconds, one after the other", (alone,)),),
        Bound("most", 120),
        f"{len(found)} experiments",
    )
    wrong = _wrong(found)
    yield Figure("disagreements of all experiments", "things", Series("in that run", (wrong,)), (), Bound("most", 0))


def _agreement(bench: cluster.Bench) -> Generator[Figure, None, None]:
    """Count the cells, and how many disagree in so many runs."""
    wrong: list[float] = []
    cells: list[int] = []
    for number in range(RUNS):
        harness.say(f"experiments: the matrices, run {number + 1} of {RUNS}")
        found = [one for name in MATRICES for one in _run(bench, name)[1]]
        wrong.append(_wrong(found))
        cells.append(sum(len(one.cells) for one in found))
    least = Series(", ".join(MATRICES), (min(cells),))
    yield Figure("cells measured in a run", "cells", least, (), Bound("least", 250))
    yield Figure("disagreements", "cells", Series("in each run", tuple(wrong)), (), Bound("most", 0))


def _wrong(found: Sequence[Experiment]) -> int:
    """Count what disagrees, and say it."""
    named = [f"{one.experiment}: {each}" for one in found for each in parallel.disagreements(one)]
    for each in named:
        harness.say(f"experiments: disagrees, {each}")
    return len(named)


def _run(bench: cluster.Bench, name: str) -> tuple[float, list[Experiment]]:
    """Run an experiment as a person does, and return how long that took and what was found, agreeing or not."""
    program = Path(sys.prefix) / "bin" / "lab"
    began = time.monotonic()
    done = shell.run([program, "experiment", name, "--json"], timeout=LONGEST, check=False, env=bench.env)
    took = time.monotonic() - began
    read = msgspec.json.decode(done.stdout.encode(), type=list[Experiment] | Experiment)
    return took, read if isinstance(read, list) else [read]


def _naive(bench: cluster.Bench) -> Sequence[float]:
    """Time single requests by `kubectl exec`, to addresses that answer, refuse, and have no name."""
    api = client.api(bench.settings)
    image = app.references(bench.settings)[app.repository("back")]
    with names.staged(bench.settings, api, image, harness.quiet) as stage:
        hosts = [f"{names.POD}:3000", "localhost:3000", "back:3000", f"{names.SERVICE}:80"]
        return [_exec(bench, stage.namespaces[0], host) for host in hosts * (SAMPLE // len(hosts))]


def _exec(bench: cluster.Bench, namespace: str, host: str) -> float:
    """Return the seconds of one request from one container, as a person would type it."""
    words = ("exec", "--namespace", namespace, names.POD, "--container", "sidecar", "--")
    ask = ("python3", "-I", "-S", "-c", _ASK, f"http://{host}/whoami")
    return harness.seconds(lambda: client.kubectl(bench.settings, *words, *ask, check=False))
