"""Figures in words, in both languages. Pure."""

from lab.experiments.texts import Text, load, same

_UNITS = load("units")


def size(amount: float) -> Text:
    """Write bytes roughly: `35.7 MiB`, `35,7 Mio`; whole mebibytes without a fraction."""
    mebibytes = amount / 2**20
    return _UNITS["size"].format(amount=int(mebibytes) if mebibytes.is_integer() else round(mebibytes, 1))


def exact_size(amount: int | None) -> Text:
    """Write bytes to the last one; None is no limit."""
    if amount is None:
        return _UNITS["no-limit"]
    figure = f"{amount:,}"
    return _UNITS["bytes"].format(amount=Text(figure, figure.replace(",", "\u202f")))


def quota(microseconds: int | None) -> Text:
    """Write CPU time a period of 100 ms; None is no limit."""
    if microseconds is None:
        return _UNITS["no-limit"]
    figure = f"{microseconds / 1000:g}"
    return _UNITS["quota"].format(amount=Text(figure, figure.replace(".", ",")))


def cores(amount: float) -> Text:
    """Write CPU as kubectl does, in thousandths of a core."""
    return same(f"{amount * 1000:.0f}m")


def times(amount: float) -> Text:
    return _UNITS["times"].format(amount=float(amount))


def seconds(amount: float) -> Text:
    return _UNITS["seconds"].format(amount=float(amount))


def percent(part: float) -> Text:
    return _UNITS["percent"].format(amount=part * 100)
