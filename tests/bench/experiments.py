"""The experiments: how long the name matrix takes, beside one `kubectl exec` a cell; how long all take; what disagrees.

On a cluster of the benchmarks' own. A naive way to measure the matrix is one `kubectl exec` with one request for each
cell, one after the other: it is timed on a sample of cells, and multiplied by their number.
"""

import statistics
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import cluster
import harness
import meters
import msgspec
from figures import Figure, at_least, at_most, figure

from lab import shell
from lab.errors import LabError
from lab.experiments.catalog import CATALOGUE
from lab.experiments.matrix import names
from lab.experiments.results import Experiment, disagreements
from lab.images import app
from lab.kubernetes import client

NAMES, SAMPLE, RUNS = 5, 12, 20
LONGEST = 600
"""Seconds that all experiments together may take here before it is given up."""
MATRICES = ("names", "binds", "whatif")
POD = "k8-chatroulette-back"
_ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=2).status)"


def measure() -> Generator[Figure, None, None]:
    """Bring a cluster up, and measure on it with nothing else on the machine."""
    with cluster.running("experiments") as bench:
        _run(bench, "names")
        yield _matrix(bench)
        meters.wait_until_idle()
        yield from _everything(bench)
        meters.wait_until_idle()
        yield from _agreement(bench)


def _matrix(bench: cluster.Bench) -> Figure:
    harness.progress(f"experiments: the name matrix, {NAMES} times, and one kubectl exec a cell")
    runs = [_at_rest(bench) for _ in range(NAMES)]
    cells = len(runs[-1][1][0].cells)
    naive = statistics.median(_naive(bench)) * cells
    return figure(
        "the name matrix, from a running cluster at rest",
        "s",
        (seconds for seconds, _ in runs),
        at_most(10),
        what="lab experiment names",
        beside={f"one kubectl exec a cell, {SAMPLE} timed, times {cells}": naive},
        note=f"{cells} cells; Pods made and gone included, for ours alone",
    )


def _at_rest(bench: cluster.Bench) -> tuple[float, list[Experiment]]:
    """Run the name matrix once the Pods of the run before are gone, which takes CPU."""
    meters.wait_until_idle()
    return _run(bench, "names")


def _everything(bench: cluster.Bench) -> Generator[Figure, None, None]:
    """Time them all together. Raises LabError where one of them is missing: less work is no figure."""
    harness.progress("experiments: all at the same time")
    seconds, experiments = _run(bench, "all")
    if missing := CATALOGUE.keys() - {experiment.experiment for experiment in experiments}:
        raise LabError(f"not all experiments were run, without {', '.join(sorted(missing))}")
    alone = sum(experiment.seconds for experiment in experiments if experiment.experiment != "claims")
    yield figure(
        "all experiments, those in time included",
        "s",
        seconds,
        at_most(120),
        what="lab experiment all",
        beside={"their own seconds, one after the other": alone},
        note=f"{len(experiments)} experiments",
    )
    wrong = _disagreements(experiments)
    yield figure("disagreements of all experiments", "things", wrong, at_most(0), what="in that run")


def _agreement(bench: cluster.Bench) -> Generator[Figure, None, None]:
    """Count the cells, and how many disagree in so many runs."""
    wrong: list[float] = []
    cells: list[int] = []
    for number in range(RUNS):
        harness.progress(f"experiments: the matrices, run {number + 1} of {RUNS}")
        matrices = [experiment for name in MATRICES for experiment in _run(bench, name)[1]]
        wrong.append(_disagreements(matrices))
        cells.append(sum(len(matrix.cells) for matrix in matrices))
    yield figure("cells measured in a run", "cells", min(cells), at_least(250), what=", ".join(MATRICES))
    yield figure("disagreements", "cells", wrong, at_most(0), what="in each run")


def _disagreements(experiments: Sequence[Experiment]) -> int:
    """Count what disagrees, and name it."""
    count = 0
    for experiment in experiments:
        for disagreement in disagreements(experiment):
            harness.progress(f"experiments: disagrees, {experiment.experiment}: {disagreement}")
            count += 1
    return count


def _run(bench: cluster.Bench, name: str) -> tuple[float, list[Experiment]]:
    """Run an experiment as a person does; return the seconds and the results, agreeing or not."""
    program = Path(sys.prefix) / "bin" / "lab"
    began = time.monotonic()
    done = shell.run([program, "experiment", name, "--json"], timeout=LONGEST, check=False, env=bench.env)
    seconds = time.monotonic() - began
    results = msgspec.json.decode(done.stdout.encode(), type=list[Experiment] | Experiment)
    return seconds, results if isinstance(results, list) else [results]


def _naive(bench: cluster.Bench) -> Sequence[float]:
    """Time single requests by `kubectl exec`, to addresses that answer, refuse, and have no name."""
    api = client.api(bench.settings)
    image = app.references(bench.settings)[app.repository("back")]
    with names.environment(bench.settings, api, image, harness.quiet) as environment:
        hosts = [f"{POD}:3000", "localhost:3000", "back:3000", "cats:80"]
        return [_exec(bench, environment.namespaces[0], host) for host in hosts * (SAMPLE // len(hosts))]


def _exec(bench: cluster.Bench, namespace: str, host: str) -> float:
    """Return the seconds of one request from one container, as a person would type it."""
    words = ("exec", "--namespace", namespace, POD, "--container", "sidecar", "--")
    ask = ("python3", "-I", "-S", "-c", _ASK, f"http://{host}/whoami")
    return harness.seconds(lambda: client.kubectl(bench.settings, *words, *ask, check=False))
