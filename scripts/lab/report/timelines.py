"""What of a timeline is shown, and where: its expectations, and its moments without repetitions."""

from collections.abc import Iterator

from lab.experiments.results import Expectation, Experiment, Moment, Timeline

Numbered = tuple[int, "Expectation"]


def expectations(experiment: Experiment, timeline: Timeline) -> tuple[Numbered, ...]:
    """Return the expectations with a time that this timeline shows, each with its number in the table.

    They are those whose id begins with its own; else those of its subject, or of one of its tracks. All, where it is
    the only timeline.
    """
    timed = tuple(each for each in enumerate(experiment.expectations, start=1) if each[1].within)
    if len(experiment.timelines) == 1:
        return timed
    return tuple((number, each) for number, each in timed if _belongs(experiment, timeline, each))


def _belongs(experiment: Experiment, timeline: Timeline, expectation: Expectation) -> bool:
    owners = (each.id for each in experiment.timelines if expectation.id.startswith(f"{each.id}-"))
    if owner := next(owners, ""):
        return owner == timeline.id
    return expectation.subject in {timeline.id, *(track.id for track in timeline.lanes)}


def changes(timeline: Timeline) -> Iterator[Moment]:
    """Yield moments in order, without those that only repeat the last one of their track."""
    last: dict[str, Moment] = {}
    for moment in sorted(timeline.moments, key=lambda moment: moment.at):
        before = last.get(moment.lane)
        if before is None or before.says != moment.says:
            yield moment
        last[moment.lane] = moment


def fraction(at: float, seconds: float) -> float:
    """Return a time's place in the time that is shown, 0 to 1; what is outside stands at the end."""
    return min(1.0, max(0.0, at / max(seconds, 0.001)))
