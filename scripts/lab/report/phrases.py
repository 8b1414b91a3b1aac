"""The signs and phrases of a report. Each outcome and verdict has both a sign and a word: colour only repeats them."""

from collections.abc import Iterable, Mapping
from typing import get_args

from lab.experiments.results import Cell, Expectation, Experiment, Flip, Outcome, Verdict, differs
from lab.experiments.texts import Language, Text, load
from lab.report.progress import clock

SIGNS: Mapping[Outcome, str] = {
    "answers": "●",
    "resolves": "→",
    "no-name": "?",
    "refused": "○",
    "timeout": "…",
    "reset": "↯",
    "elsewhere": "↗",
    "not-applicable": "–",  # noqa: RUF001 - the en dash is the sign
    "unmeasured": "!",
}
VERDICT_SIGNS: Mapping[Verdict, str] = {"true": "✓", "nuance": "≈", "false": "✗", "unknown": "?"}

TEXTS = load("report")
OUTCOMES = TEXTS.section("outcomes", get_args(Outcome))
VERDICTS = TEXTS.section("verdicts", get_args(Verdict))
CONTAINER_KINDS = TEXTS.section("container-kinds")
_RULES = load("model").section("rules")
_NOUNS = TEXTS.section("nouns")
_THREE_DIGITS = 100
SHORT = 0.1
"""Seconds below which a time says nothing."""


def sign(cell: Cell) -> str:
    """Return the cell's sign; both, with ≠ between them, where the measurement is not as predicted."""
    predicted = SIGNS[cell.predicted.outcome]
    return predicted if cell.agrees else f"{predicted}≠{SIGNS[cell.measured.outcome]}"


def outcome(cell: Cell, language: Language) -> str:
    predicted = OUTCOMES[cell.predicted.outcome].of(language)
    return predicted if cell.agrees else f"{predicted} ≠ {OUTCOMES[cell.measured.outcome].of(language)}"


def counted(count: int, noun: str) -> Text:
    """Return the count with its noun: zero is plural in English, singular in French."""
    name = _NOUNS[noun]
    return Text(f"{count} {name.en}{'' if count == 1 else 's'}", f"{count} {name.fr}{'s' if count > 1 else ''}")


def flips(count: int, tried: int) -> Text:
    if not tried:
        return TEXTS["some-flips"].format(count=count) if count else TEXTS["no-flip"]
    one, many = TEXTS["flips-of-one"], TEXTS["flips-of-many"]
    form = Text(one.en if count == 1 else many.en, many.fr if count > 1 else one.fr)
    return form.format(count=count, cells=counted(tried, "cell"))


def rules(cell: Cell) -> list[tuple[str, Text]]:
    """Return the rules that led to a cell's prediction, each with its sentence."""
    return [(rule, _RULES.section(rule)["says"]) for rule in cell.predicted.rules if rule in _RULES]


def counts(experiment: Experiment) -> Text:
    kinds = {
        "cell": experiment.cells,
        "flip": experiment.flips,
        "expectation": experiment.expectations,
        "claim": experiment.claims,
    }
    return listed(counted(len(results), noun) for noun, results in kinds.items() if results)


def listed(parts: Iterable[Text]) -> Text:
    texts = list(parts)
    return Text(", ".join(text.en for text in texts), ", ".join(text.fr for text in texts))


def seconds(value: float) -> Text:
    return TEXTS["seconds"].format(value=_rounded(value))


def duration(value: float) -> Text:
    """Return how long a run took, as the steps' own view writes it."""
    return Text(clock(value), clock(value, "fr"))


def when(expectation: Expectation) -> Text:
    """Return the window in which something was expected, and when it happened; empty for a fact without a time."""
    parts = []
    if expectation.within:
        low, high = expectation.within
        parts.append(TEXTS["window"].format(low=_rounded(low), high=seconds(high)))
    if expectation.at is not None:
        parts.append(TEXTS["moment"].format(time=seconds(expectation.at)))
    return listed(parts)


def subject(expectation: Expectation, experiment: Experiment) -> str:
    """Return the subject where the experiment's expectations have several and this question does not name its own."""
    several = len({each.subject for each in experiment.expectations}) > 1
    return expectation.subject if several and expectation.subject not in expectation.asks.en else ""


def agreement(experiment: Experiment) -> Text | None:
    results: tuple[Cell | Flip | Expectation, ...] = (*experiment.cells, *experiment.flips, *experiment.expectations)
    if not results:
        return None
    wrong, unseen = sum(map(differs, results)), sum(not getattr(result, "shown", True) for result in results)
    key = "some-not-as-predicted" if wrong else "some-not-shown" if unseen else "all-as-predicted"
    return TEXTS[key].format(wrong=wrong, unseen=unseen, total=len(results))


def _rounded(value: float) -> float:
    return round(value, 1) if value < _THREE_DIGITS else round(value)
