"""Every sentence of the course that is put to the cluster, and the experiments on which the verdicts stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.course.claims_pods import PODS
from lab.experiments.course.claims_probes import PROBES
from lab.experiments.course.claims_resources import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.experiments.sentence import Sentence

SENTENCES: Sequence[Sentence] = (*PODS, *PROBES, *RESOURCES)
_SHOWN = {one.ref.partition("/")[0] for said in SENTENCES for one in (*said.says_that, *said.leaves_out)}
NEEDED = tuple(sorted(_SHOWN))
