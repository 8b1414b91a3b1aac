"""The signs and the words of a result: every outcome and verdict by sign and word, so that colour only repeats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.experiments.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.experiments.results import Cell, Expectation, Experiment, Outcome, Verdict
    from lab.experiments.texts import Language

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

OUTCOMES: Mapping[Outcome, Text] = {
    "answers": Text(en="answers", fr="répond"),
    "resolves": Text(en="name found", fr="nom trouvé"),
    "no-name": Text(en="no such name", fr="nom inconnu"),
    "refused": Text(en="refused", fr="refusé"),
    "timeout": Text(en="timed out", fr="délai dépassé"),
    "reset": Text(en="cut off", fr="coupé"),
    "elsewhere": Text(en="goes elsewhere", fr="part ailleurs"),
    "not-applicable": Text(en="not applicable", fr="sans objet"),
    "unmeasured": Text(en="not measured", fr="non mesuré"),
}

VERDICT_SIGNS: Mapping[Verdict, str] = {"true": "✓", "nuance": "≈", "false": "✗", "unknown": "?"}

VERDICTS: Mapping[Verdict, Text] = {
    "true": Text(en="true", fr="vrai"),
    "nuance": Text(en="true, with a nuance", fr="vrai, avec une nuance"),
    "false": Text(en="not as said", fr="pas comme c’est dit"),
    "unknown": Text(en="not seen here", fr="pas observé ici"),
}

BASE = Text(en="as it is", fr="tel quel")
DIFFERS = Text(en="predicted ≠ measured", fr="prédit ≠ mesuré")
PREDICTED = Text(en="predicted", fr="prédit")
MEASURED = Text(en="measured", fr="mesuré")
EXHIBITS = Text(en="Exhibits", fr="Pièces à conviction")
WHY = Text(en="Why", fr="Pourquoi")
FLIPS = Text(en="What flips", fr="Ce qui bascule")
NO_FLIP = Text(en="nothing flips", fr="rien ne bascule")
EXPECTED = Text(en="Expected, and seen", fr="Attendu, et observé")
ASKED = Text(en="asked", fr="question")
WHEN = Text(en="when", fr="quand")
UNFORESEEN = Text(en="not the verdict that was known before", fr="pas le verdict connu d’avance")
CLAIMS = Text(en="What the course says", fr="Ce que dit le cours")
SOURCE = Text(en="source", fr="source")


def sign(cell: Cell) -> str:
    """Return the cell's sign; both, with ≠ between them, where the measurement is not as predicted."""
    predicted = SIGNS[cell.predicted.outcome]
    return predicted if cell.agrees else f"{predicted}≠{SIGNS[cell.measured.outcome]}"


def outcome(cell: Cell, language: Language) -> str:
    """Return the cell's word, or both words."""
    predicted = OUTCOMES[cell.predicted.outcome].of(language)
    return predicted if cell.agrees else f"{predicted} ≠ {OUTCOMES[cell.measured.outcome].of(language)}"


def colon(language: Language) -> str:
    """Return a colon and the space after it; in French one before it too, that no line breaks at."""
    return "\u00a0: " if language == "fr" else ": "


def cells(count: int, language: Language) -> str:
    """Count cells in words."""
    french = language == "fr"
    return f"{count} {('case' if french else 'cell')}{'s' if count > 1 or (count == 0 and not french) else ''}"


def of_cells(flips: int, tried: int, language: Language) -> str:
    """Say how many of a variant's cells flip."""
    if not tried:
        return {"en": f"{flips} flip", "fr": f"{flips} basculent"}[language] if flips else NO_FLIP.of(language)
    if language == "fr":
        return f"{flips} sur {cells(tried, 'fr')} {'basculent' if flips > 1 else 'bascule'}"
    return f"{flips} of {cells(tried, 'en')} {'flips' if flips == 1 else 'flip'}"


def counts(experiment: Experiment, language: Language) -> str:
    """Say how much an experiment looked at: its cells, flips, expectations and claims."""
    kinds = [
        ("cell", "case", experiment.cells),
        ("flip", "bascule", experiment.flips),
        ("expectation", "attente", experiment.expectations),
        ("claim", "affirmation", experiment.claims),
    ]
    named = [(en if language == "en" else fr, len(found)) for en, fr, found in kinds if found]
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in named)


def seconds(value: float, language: Language) -> str:
    """Write a time: tenths below ten seconds are worth saying, and the French comma."""
    text = f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 - three digits
    return f"{text.replace('.', ',')}\u00a0s" if language == "fr" else f"{text} s"


def when(one: Expectation, language: Language) -> str:
    """Say in which time it was to happen, and when it did; empty for a fact without a time."""
    said = []
    if one.within:
        low, high = seconds(one.within[0], language)[:-2], seconds(one.within[1], language)
        said.append(f"{low} à {high}" if language == "fr" else f"{low} to {high}")
    if one.at is not None:
        said.append(("à " if language == "fr" else "at ") + seconds(one.at, language))
    return ", ".join(said)


def subject(one: Expectation, experiment: Experiment) -> str:
    """Name what an expectation is about, where its experiment asks of several things and its question does not say."""
    several = len({each.subject for each in experiment.expectations}) > 1
    return one.subject if several and one.subject not in one.asks.en else ""


def summary(*, agrees: int, total: int, language: Language) -> str:
    """Say how much of what was predicted was seen."""
    if agrees == total:
        return _ALL[language].format(total=total)
    return _SOME[language].format(total=total, wrong=total - agrees)


_ALL = {"en": "all {total} as predicted", "fr": "les {total} comme prédit"}
_SOME = {"en": "{wrong} of {total} not as predicted", "fr": "{wrong} sur {total} pas comme prédit"}
