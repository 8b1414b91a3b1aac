"""Find what was wrong in a run, from its records alone."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import msgspec
from records import Mark, Run, Sent

GRACE_SECONDS = 3.0
"""Who goes on so soon after a message was accepted may miss it, as going on empties one's log."""
_EXAMPLES = 5


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Counts; latencies are milliseconds from the start of the request to the event at the partner."""

    sent: int
    accepted: int
    with_house_cats: int
    late: int
    """The chat was over before the message came: an answer that is right."""
    missed: int
    """Not shown to one who had gone on from the chat."""
    lost: int
    doubled: int
    out_of_order: int
    strange: int
    """Shown although never sent, in another chat, or to another visitor."""
    failed: int
    """Ended in an error to the visitor."""
    retried: int
    """Repetitions that the visitor does not notice; reconnected streams included."""
    broken: int
    """Chats that ended although neither visitor wanted it."""
    p50: float
    p99: float
    most: float
    examples: list[str]

    @property
    def sound(self) -> bool:
        """Whether every message was shown exactly once and in order."""
        return not (self.lost or self.doubled or self.out_of_order or self.strange)


def verdict(run: Run) -> Verdict:
    in_chats = [sent for sent in run.sent if not sent.house]
    milliseconds = latencies(run)
    faults = {
        "lost": list(lost(run)),
        "doubled": list(_doubled(run)),
        "out of order": list(_out_of_order(run)),
        "strange": list(_strange(run)),
        "broken": list(_broken(run)),
        "failed": list(_failed(run)),
    }
    return Verdict(
        sent=len(run.sent),
        accepted=sum(sent.accepted is not None for sent in in_chats),
        with_house_cats=len(run.sent) - len(in_chats),
        late=sum(sent.late for sent in run.sent),
        missed=sum(1 for sent, visitor in _not_shown(run) if _had_gone_on(run, sent, visitor)),
        retried=sum(run.retried.values()),
        p50=percentile(milliseconds, 50),
        p99=percentile(milliseconds, 99),
        most=max(milliseconds, default=math.nan),
        examples=[f"{kind}: {fault}" for kind, all_faults in faults.items() for fault in all_faults[:_EXAMPLES]],
        **{kind.replace(" ", "_"): len(all_faults) for kind, all_faults in faults.items()},
    )


def _not_shown(run: Run) -> Iterator[tuple[Sent, int]]:
    """Yield every accepted message with each of the two visitors who was not shown it."""
    visitors_of = _visitors_by_chat(run)
    shown = {(shown.visitor, shown.mark) for shown in run.shown}
    for sent in run.sent:
        if sent.accepted is not None:
            visitors = {sent.mark[0]} if sent.house else visitors_of[sent.chat] | {sent.mark[0]}
            yield from ((sent, visitor) for visitor in sorted(visitors) if (visitor, sent.mark) not in shown)
            if not sent.house and len(visitors) == 1:
                yield sent, -1


def lost(run: Run) -> Iterator[str]:
    """Describe the messages that were accepted, and not shown to one who stayed."""
    for sent, visitor in _not_shown(run):
        if not _had_gone_on(run, sent, visitor):
            yield f"{sent.mark} in {sent.chat}, accepted at {sent.accepted:.2f}, not shown to {visitor}"


def _had_gone_on(run: Run, sent: Sent, visitor: int) -> bool:
    until = (sent.accepted or 0) + GRACE_SECONDS
    return any(went.visitor == visitor and went.chat == sent.chat and went.at < until for went in run.went_on)


def _doubled(run: Run) -> Iterator[str]:
    for (visitor, mark), times in Counter((shown.visitor, shown.mark) for shown in run.shown if shown.mark).items():
        if times > 1:
            yield f"{mark} shown to {visitor} {times} times"


def _out_of_order(run: Run) -> Iterator[str]:
    """Describe pairs of messages that one side saw in another order than the other, or than they were sent in.

    A message that failed has no place in its sender's order, as it may come late; both sides must still agree.
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


def _strange(run: Run) -> Iterator[str]:
    """Describe what was shown although nobody sent it, not in that chat, or not to that visitor.

    A message that failed may be shown all the same: its answer may have been lost.
    """
    sent_by_mark = {sent.mark: sent for sent in run.sent}
    visitors_of = _visitors_by_chat(run)
    houses = {began.chat for began in run.began if began.house}
    for shown in run.shown:
        sent = sent_by_mark.get(shown.mark) if shown.mark else None
        if sent is None:
            if shown.chat not in houses:
                yield f"shown to {shown.visitor} in {shown.chat}, sent by nobody: {shown.mark}"
        elif shown.chat != sent.chat or shown.visitor not in visitors_of[sent.chat] | {sent.mark[0]}:
            yield f"{shown.mark} of {sent.chat}, shown to {shown.visitor} in {shown.chat}"
        elif shown.mine != (shown.visitor == sent.mark[0]):
            yield f"{shown.mark}, shown to {shown.visitor} as {'its own' if shown.mine else 'of another'}"
        elif sent.accepted is None and sent.tries == 1:
            yield f"{shown.mark}, shown to {shown.visitor} though it was refused"


def _broken(run: Run) -> Iterator[str]:
    """Describe the chats that ended although neither of the two went on."""
    unwanted = {began.chat for began in run.began if not began.house} - {went.chat for went in run.went_on}
    yield from (f"{ended.chat} of {ended.visitor}: {ended.why}" for ended in run.ended if ended.chat in unwanted)
    shown_as_ended = {(ended.visitor, ended.chat) for ended in run.ended}
    chats: dict[int, list[str]] = defaultdict(list)
    for began in run.began:
        chats[began.visitor].append(began.chat)
    for visitor, all_chats in chats.items():
        for chat in all_chats[:-1]:
            if chat in unwanted and (visitor, chat) not in shown_as_ended:
                yield f"{chat} of {visitor}: another began in it"


def _failed(run: Run) -> Iterator[str]:
    """Describe errors to visitors; "the chat is over" is one only where it is not."""
    over = {went.chat for went in run.went_on} | {ended.chat for ended in run.ended}
    for sent in run.sent:
        if sent.accepted is None and not (sent.late and (sent.house or sent.chat in over)):
            yield f"{sent.mark}: {sent.error}"
    yield from (f"{failed.request} of {failed.visitor}: {failed.error}" for failed in run.failed)


def latencies(run: Run) -> list[float]:
    """Return the milliseconds that each message took to the partner, sorted; those to house cats do not count."""
    began = {sent.mark: sent.began for sent in run.sent if not sent.house}
    arrived: dict[Mark, float] = {}
    for shown in run.shown:
        if shown.mark in began and not shown.mine:
            arrived.setdefault(shown.mark, shown.at)
    return sorted((at - began[mark]) * 1000 for mark, at in arrived.items())


def percentile(ordered: list[float], percent: int) -> float:
    """Return the value that so many percent do not exceed; NaN of nothing."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


def _visitors_by_chat(run: Run) -> defaultdict[str, set[int]]:
    visitors: defaultdict[str, set[int]] = defaultdict(set)
    for began in run.began:
        visitors[began.chat].add(began.visitor)
    return visitors


def _orders(run: Run) -> dict[str, dict[int, list[Mark]]]:
    """Return the order in which each side of each chat was shown messages, repetitions left out."""
    orders: dict[str, dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for shown in run.shown:
        if shown.mark and shown.mark not in orders[shown.chat][shown.visitor]:
            orders[shown.chat][shown.visitor].append(shown.mark)
    return orders
