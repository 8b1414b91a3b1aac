"""Which cat a seed is: drawn from a hash, so that no two processes disagree."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

import msgspec

Coat = Literal["solid", "tabby", "tuxedo", "calico", "pointed", "tortoiseshell"]
Mood = Literal["content", "curious", "playful", "sleepy", "smug", "grumpy", "amazed", "happy"]
MOODS: tuple[Mood, ...] = get_args(Mood)


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `traits.json`: what each trait is drawn from; one that stands twice is drawn twice as often."""

    shades: dict[Coat, tuple[str, ...]]
    head: tuple[str, ...]
    ears: tuple[str, ...]
    eye_shape: tuple[str, ...]
    eye_colour: tuple[str, ...]
    whiskers: tuple[str, ...]
    tail: tuple[str, ...]
    collar: tuple[str, ...]
    collar_colour: tuple[str, ...]
    backdrop: tuple[str, ...]


TRAITS = msgspec.json.decode(Path(__file__).with_name("traits.json").read_bytes(), type=Traits)

ODD_EYES = 12
"""Two unpointed cats in so many have an eye of each colour."""

T = TypeVar("T")


class Cat(msgspec.Struct, frozen=True):
    """One cat's traits; `eyes` is the left and the right one as the viewer sees them."""

    seed: str
    head: str
    ears: str
    coat: Coat
    shade: str
    eye_shape: str
    eyes: tuple[str, str]
    whiskers: str
    tail: str
    collar: str
    collar_colour: str
    mood: Mood
    backdrop: str

    @property
    def look(self) -> tuple[str, ...]:
        """What tells cats apart from across the room."""
        return (self.head, self.ears, self.coat, self.shade)


def cat_of(seed: str, mood: Mood | None = None) -> Cat:
    """Return the cat of a seed; a mood, if given, replaces the one that it usually has."""
    digest = hashlib.blake2b(seed.encode(), person=b"cat").digest()
    numbers = (int.from_bytes(digest[start : start + 3]) for start in range(0, len(digest), 3))

    def pick(options: Sequence[T]) -> T:
        return options[next(numbers) % len(options)]

    coat = pick(tuple(TRAITS.shades))
    return Cat(
        seed=seed,
        coat=coat,
        shade=pick(TRAITS.shades[coat]),
        head=pick(TRAITS.head),
        ears=pick(TRAITS.ears),
        eye_shape=pick(TRAITS.eye_shape),
        eyes=_eyes(
            coat,
            other=pick([colour for colour in TRAITS.eye_colour if colour != "blue"]),
            colour=pick(TRAITS.eye_colour),
            odd=pick(range(ODD_EYES)),
        ),
        whiskers=pick(TRAITS.whiskers),
        tail=pick(TRAITS.tail),
        collar=pick(TRAITS.collar),
        collar_colour=pick(TRAITS.collar_colour),
        backdrop=pick(TRAITS.backdrop),
        mood=pick(MOODS) if mood is None else mood,
    )


def _eyes(coat: Coat, other: str, colour: str, odd: int) -> tuple[str, str]:
    """Pointed cats have blue eyes; of the others some have odd ones, one of them blue."""
    if coat == "pointed":
        return ("blue", "blue")
    if odd == 0:
        return ("blue", other)
    return (other, "blue") if odd == 1 else (colour, colour)
