"""What the ids of vantage points, addresses and variants stand for."""

from collections.abc import Iterable, Sequence

from lab.experiments import texts
from lab.experiments.results import Label
from lab.experiments.texts import Texts


def labels(section: Texts) -> tuple[Label, ...]:
    """Return the labels of a section whose entries are each a ``short`` text and ``more``."""
    entries = {id_: section.section(id_) for id_ in section}
    return tuple(Label(id_, entry["short"], entry["more"]) for id_, entry in entries.items())


VANTAGES = labels(texts.load("labels").section("vantages"))
ADDRESSES = labels(texts.load("labels").section("addresses"))


def chosen(known: Sequence[Label], ids: Iterable[str]) -> tuple[Label, ...]:
    """Return the labels of these ids, in their own order; raises KeyError for an id that has none."""
    wanted = set(ids)
    if missing := wanted - {label.id for label in known}:
        raise KeyError(", ".join(sorted(missing)))
    return tuple(label for label in known if label.id in wanted)
