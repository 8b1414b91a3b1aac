"""Counterfactuals: one thing of a Pod is changed; which cells flip, and do all others stay."""

from collections.abc import Sequence

from lab.config import Settings
from lab.errors import BadInput
from lab.experiments.matrix import environment
from lab.experiments.matrix.declaration import Matrix, read
from lab.experiments.results import Experiment
from lab.kubernetes.client import Api
from lab.steps import Report


def run(settings: Settings, api: Api, image: str, report: Report, only: Sequence[str] = ()) -> Experiment:
    """Measure the base beside its variants, or beside ``only`` those; raises BadInput for an unknown one, LabError."""
    return environment.run(matrix(only), settings, api, image, report)


def matrix(only: Sequence[str] = ()) -> Matrix:
    """Return the matrix of the base and these variants, or all; raises BadInput for an id that is none."""
    base, *known = read("whatif")["variants"]
    for name in only:
        if name not in known:
            raise BadInput(f"there is no counterfactual {name!r}", f"use one of {', '.join(known)}")
    return Matrix("whatif", [base, *(name for name in known if not only or name in only)])
