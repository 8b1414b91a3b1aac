"""What was wrong in a run: pure, from what was seen alone."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from records import Mark, Run, Sent

WITHIN = 3.0
"""Seconds: who goes on so soon after a message was accepted may miss it, as going on empties one's log."""
_SHOWN = 5


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each; milliseconds from the start of the request to the event on the other side."""

    sent: int
    accepted: int
    with_house_cats: int
    late: int
    """The chat was over before the message came: said to the visitor, and right."""
    missed: int
    """Not shown to one who had gone on from the chat."""
    lost: int
    doubled: int
    out_of_order: int
    strange: int
    """Shown, though nobody said it, or not there, or to somebody else."""
    failed: int
    """Ended in an error to the visitor."""
    retried: int
    """Had to be tried again, unseen by the visitor; streams that came back included."""
    broken: int
    """Chats that ended though nobody wanted it."""
    p50: float
    p99: float
    most: float
    examples: list[str]

    @property
    def sound(self) -> bool:
        """Tell whether every message was shown exactly once and in order."""
        return not (self.lost or self.doubled or self.out_of_order or self.strange)


def judge(run: Run) -> Verdict:
    """Look for everything that can be wrong."""
    talks = [sent for sent in run.sent if not sent.house]
    late = latencies(run)
    found = {"lost": list(lost(run)), "doubled": list(doubled(run)), "out of order": list(out_of_order(run))}
    found |= {"strange": list(strange(run)), "broken": list(broken(run)), "failed": list(failed(run))}
    return Verdict(
        sent=len(run.sent),
        accepted=sum(sent.accepted is not None for sent in talks),
        with_house_cats=len(run.sent) - len(talks),
        late=sum(sent.late for sent in run.sent),
        missed=sum(1 for sent, viewer in unseen(run) if _gone_on(run, sent, viewer)),
        lost=len(found["lost"]),
        doubled=len(found["doubled"]),
        out_of_order=len(found["out of order"]),
        strange=len(found["strange"]),
        failed=len(found["failed"]),
        retried=sum(run.retried.values()),
        broken=len(found["broken"]),
        p50=percentile(late, 50),
        p99=percentile(late, 99),
        most=max(late, default=math.nan),
        examples=[f"{kind}: {one}" for kind, all_of_it in found.items() for one in all_of_it[:_SHOWN]],
    )


def unseen(run: Run) -> Iterator[tuple[Sent, int]]:
    """Give every accepted message with each of the two who was not shown it; house cats have no eyes."""
    sides = _sides(run)
    seen = {(shown.viewer, shown.mark) for shown in run.shown}
    for sent in run.sent:
        if sent.accepted is not None:
            viewers = {sent.mark[0]} if sent.house else sides[sent.chat] | {sent.mark[0]}
            yield from ((sent, viewer) for viewer in sorted(viewers) if (viewer, sent.mark) not in seen)
            if not sent.house and len(viewers) == 1:
                yield sent, -1


def lost(run: Run) -> Iterator[str]:
    """Name the messages that were accepted, and not shown to one who stayed."""
    for sent, viewer in unseen(run):
        if not _gone_on(run, sent, viewer):
            yield f"{sent.mark} in {sent.chat}, accepted at {sent.accepted:.2f}, not shown to {viewer}"


def _gone_on(run: Run, sent: Sent, viewer: int) -> bool:
    """Tell whether the viewer went on from that chat before or just after the message was accepted."""
    until = (sent.accepted or 0) + WITHIN
    return any(went.viewer == viewer and went.chat == sent.chat and went.at < until for went in run.went)


def doubled(run: Run) -> Iterator[str]:
    """Name the messages that somebody was shown more than once."""
    for (viewer, mark), times in Counter((shown.viewer, shown.mark) for shown in run.shown if shown.mark).items():
        if times > 1:
            yield f"{mark} shown to {viewer} {times} times"


def out_of_order(run: Run) -> Iterator[str]:
    """Name the messages that one side saw in another order than the other, or than they were said in.

    What failed has no place among what its sender said: it may come late, and both sides must still agree on when.
    """
    accepted = {sent.mark for sent in run.sent if sent.accepted is not None}
    for chat, sides in _orders(run).items():
        orders = list(sides.values())
        place = {mark: number for number, mark in enumerate(orders[0])}
        for order in orders[1:]:
            for before, after in pairwise([mark for mark in order if mark in place]):
                if place[before] > place[after]:
                    yield f"{before} and {after} in {chat}: the two sides differ"
        for order in orders:
            for sender in {mark[0] for mark in order}:
                for before, after in pairwise([mark for mark in order if mark[0] == sender and mark in accepted]):
                    if before[1] > after[1]:
                        yield f"{before} before {after} in {chat}"


def strange(run: Run) -> Iterator[str]:
    """Name what was shown though nobody said it, not in that chat, or not to that visitor.

    A message that failed may be shown all the same: the answer may have been lost, not the message.
    """
    sent = {one.mark: one for one in run.sent}
    sides = _sides(run)
    houses = {met.chat for met in run.met if met.house}
    for shown in run.shown:
        said = sent.get(shown.mark) if shown.mark else None
        if said is None:
            if shown.chat not in houses:
                yield f"shown to {shown.viewer} in {shown.chat}, said by nobody: {shown.mark}"
        elif shown.chat != said.chat or shown.viewer not in sides[said.chat] | {said.mark[0]}:
            yield f"{shown.mark} of {said.chat}, shown to {shown.viewer} in {shown.chat}"
        elif shown.mine != (shown.viewer == said.mark[0]):
            yield f"{shown.mark}, shown to {shown.viewer} as {'its own' if shown.mine else 'of another'}"
        elif said.accepted is None and said.tries == 1:
            yield f"{shown.mark}, shown to {shown.viewer} though it was refused"


def broken(run: Run) -> Iterator[str]:
    """Name the chats that ended though neither of the two wanted it."""
    left_alone = {met.chat for met in run.met if not met.house} - {went.chat for went in run.went}
    yield from (f"{parted.chat} of {parted.viewer}: {parted.why}" for parted in run.parted if parted.chat in left_alone)
    ended = {(parted.viewer, parted.chat) for parted in run.parted}
    for viewer, chats in _meetings(run).items():
        for before in chats[:-1]:
            if before in left_alone and (viewer, before) not in ended:
                yield f"{before} of {viewer}: another began in it"


def failed(run: Run) -> Iterator[str]:
    """Name what ended in an error to the visitor; "the chat is over" is one where it is not."""
    over = {went.chat for went in run.went} | {parted.chat for parted in run.parted}
    for one in run.sent:
        if one.accepted is None and not (one.late and (one.house or one.chat in over)):
            yield f"{one.mark}: {one.error}"
    yield from (f"{one.what} of {one.viewer}: {one.error}" for one in run.failed)


def latencies(run: Run) -> list[float]:
    """Return how many milliseconds each message took to the other side; those to house cats do not count."""
    began = {sent.mark: sent.began for sent in run.sent if not sent.house}
    seen: dict[Mark, float] = {}
    for shown in run.shown:
        if shown.mark in began and not shown.mine:
            seen.setdefault(shown.mark, shown.at)
    return sorted((at - began[mark]) * 1000 for mark, at in seen.items())


def percentile(ordered: list[float], percent: int) -> float:
    """Return the value that so many percent do not exceed; NaN of nothing."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


def _sides(run: Run) -> defaultdict[str, set[int]]:
    sides: defaultdict[str, set[int]] = defaultdict(set)
    for met in run.met:
        sides[met.chat].add(met.viewer)
    return sides


def _orders(run: Run) -> dict[str, dict[int, list[Mark]]]:
    """Return what each side of each chat saw, in that side's order, each message at its first place."""
    orders: dict[str, dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for shown in run.shown:
        if shown.mark and shown.mark not in orders[shown.chat][shown.viewer]:
            orders[shown.chat][shown.viewer].append(shown.mark)
    return orders


def _meetings(run: Run) -> dict[int, list[str]]:
    meetings: dict[int, list[str]] = defaultdict(list)
    for met in run.met:
        meetings[met.viewer].append(met.chat)
    return meetings
