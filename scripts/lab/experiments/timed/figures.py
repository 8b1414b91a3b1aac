"""Expectations that are figures: exactly this, or between these two; and how figures are said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lab.experiments.results import Expectation
from lab.experiments.texts import Text
from lab.experiments.timed.expecting import late, later, said
from lab.kubernetes.quantities import mebibytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.experiments.results import Exhibit
    from lab.experiments.timed.expecting import Window


@dataclass(frozen=True)
class Ask:
    """What is asked of whom, why it must be so, and who says so; judged at once, as what was seen is read.

    Its prediction may need what was seen, such as the node's cgroup version. What follows from a spec alone, and has
    to happen in time, is an ``expecting.Expect``: all of these stand before anything is seen, and are judged together.
    """

    id: str
    subject: str
    asks: Text
    because: Text
    source: str

    def exactly(self, predicted: Text | str, measured: Text | str, *exhibits: Exhibit) -> Expectation:
        """Judge by the words alone; a text is the same in both languages, or a word of `expecting.SAID`."""
        ahead, found = _words(predicted), _words(measured)
        return self._of(ahead, found, ahead.en == found.en, exhibits)

    def among(self, predicted: Sequence[str], measured: str, *exhibits: Exhibit) -> Expectation:
        """Judge by several texts that may all be, the same in both languages."""
        ahead = Text(en=" or ".join(predicted), fr=" ou ".join(predicted))
        return self._of(ahead, said(measured), measured in predicted, exhibits)

    def within(
        self, least: float, most: float, found: float | None, say: Callable[[float], Text], *exhibits: Exhibit
    ) -> Expectation:
        """Judge a figure by the two that it must lie between; None: nothing was seen."""
        low, high = say(least), say(most)
        ahead = Text(en=f"{low.en} to {high.en}", fr=f"{low.fr} à {high.fr}")
        measured = said("") if found is None else say(found)
        return self._of(ahead, measured, found is not None and least <= found <= most, exhibits)

    def near(
        self, wanted: float | None, slack: float, found: float | None, say: Callable[[float], Text], *exhibits: Exhibit
    ) -> Expectation:
        """Judge a figure by the one that it must be near to; None, of either: nothing was seen, and they disagree."""
        if wanted is None:
            return self._of(said(""), said("") if found is None else say(found), False, exhibits)  # noqa: FBT003 - private
        return self.within(wanted - slack, wanted + slack, found, say, *exhibits)

    def happens(
        self,
        value: str,
        window: Window,
        found: str,
        at: float | None,
        *exhibits: Exhibit,
        crowd: float = 1.0,
    ) -> Expectation:
        """Judge that something came to be, and when; times are seconds since the experiment's beginning.

        The window ends later in a ``crowd``, as `expecting.judge` has it.
        """
        window = later(window, most=late(crowd))
        in_time = at is not None and window[0] <= at <= window[1]
        told = self._of(said(value), said(found), found == value and in_time, exhibits)
        return msgspec.structs.replace(told, within=window, at=at)

    def _of(self, predicted: Text, measured: Text, agrees: bool, exhibits: tuple[Exhibit, ...]) -> Expectation:  # noqa: FBT001 - private
        return Expectation(
            id=self.id,
            subject=self.subject,
            asks=self.asks,
            predicted=predicted,
            measured=measured,
            agrees=agrees,
            because=self.because,
            exhibits=exhibits,
            source=self.source,
        )


def _words(text: Text | str) -> Text:
    return said(text) if isinstance(text, str) else text


def size(amount: float) -> Text:
    """Say bytes roughly: `35.7 MiB`, `35,7 Mio`."""
    text = mebibytes(amount)
    return Text(en=text, fr=text.replace("MiB", "Mio").replace(".", ",").replace(" ", "\u00a0"))


def exact_size(amount: int | None) -> Text:
    """Say bytes to the last one; None is no limit."""
    if amount is None:
        return Text(en="no limit", fr="pas de limite")
    figure = f"{amount:,}"
    return Text(en=f"{figure} bytes", fr=f"{figure.replace(',', chr(0x202F))}\u00a0octets")


def quota(microseconds: int | None) -> Text:
    """Say CPU time a period of 100 ms; None is no limit."""
    if microseconds is None:
        return Text(en="no limit", fr="pas de limite")
    text = f"{microseconds / 1000:g}"
    return Text(en=f"{text} ms of every 100 ms", fr=f"{text.replace('.', ',')}\u00a0ms sur 100\u00a0ms")


def cores(amount: float) -> Text:
    """Say CPU as kubectl does: thousandths of a core."""
    return Text(en=f"{amount * 1000:.0f}m", fr=f"{amount * 1000:.0f}m")


def times(amount: float) -> Text:
    """Say how many times as long, or as much."""
    return Text(en=f"{amount:.1f} times", fr=f"{amount:.1f} fois".replace(".", ","))


def seconds(amount: float) -> Text:
    """Say a time."""
    return Text(en=f"{amount:.1f} s", fr=f"{amount:.1f}\u00a0s".replace(".", ","))


def percent(part: float) -> Text:
    """Say a part of one."""
    return Text(en=f"{part:.0%}", fr=f"{part * 100:.0f}\u00a0%")
