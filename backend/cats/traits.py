"""Which cat a seed is: drawn from a hash, so that no two processes disagree."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Head = Literal["round", "wedge", "broad"]
Ears = Literal["pricked", "folded", "tufted"]
Coat = Literal["solid", "tabby", "tuxedo", "calico", "pointed", "tortoiseshell"]
EyeShape = Literal["round", "almond", "wide"]
EyeColour = Literal["amber", "green", "blue", "copper", "gold", "turquoise"]
Whiskers = Literal["straight", "raised", "drooping"]
Tail = Literal["curled", "raised", "hooked"]
Collar = Literal["none", "bell", "bow", "bandana", "medal"]
Mood = Literal["content", "curious", "playful", "sleepy", "smug", "grumpy", "amazed", "happy"]

HEADS: tuple[Head, ...] = get_args(Head)
EARS: tuple[Ears, ...] = ("pricked", "pricked", "folded", "tufted")
EYE_SHAPES: tuple[EyeShape, ...] = get_args(EyeShape)
EYE_COLOURS: tuple[EyeColour, ...] = get_args(EyeColour)
WHISKERS: tuple[Whiskers, ...] = get_args(Whiskers)
TAILS: tuple[Tail, ...] = get_args(Tail)
COLLARS: tuple[Collar, ...] = get_args(Collar)
COLLAR_COLOURS = ("red", "blue", "green", "yellow", "violet")
MOODS: tuple[Mood, ...] = get_args(Mood)
BACKDROPS = ("peach", "sage", "lilac", "rose", "sky", "straw", "plum", "mint")

COATS: dict[Coat, tuple[str, ...]] = {
    "solid": ("black", "blue-grey", "white", "ginger", "cream", "chocolate"),
    "tabby": ("ginger", "grey", "brown", "silver"),
    "tuxedo": ("black", "blue-grey", "ginger", "chocolate"),
    "calico": ("bright", "dilute"),
    "pointed": ("seal", "blue", "flame", "lilac"),
    "tortoiseshell": ("bright", "dilute", "chocolate"),
}
"""Each coat with its shades."""

ODD_EYES = 12
"""Two unpointed cats in so many have an eye of each colour."""

T = TypeVar("T")


class Cat(msgspec.Struct, frozen=True):
    """One cat's traits; `eyes` is the left and the right one as the viewer sees them."""

    seed: str
    head: Head
    ears: Ears
    coat: Coat
    shade: str
    eye_shape: EyeShape
    eyes: tuple[EyeColour, EyeColour]
    whiskers: Whiskers
    tail: Tail
    collar: Collar
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

    coat = pick(tuple(COATS))
    return Cat(
        seed=seed,
        coat=coat,
        shade=pick(COATS[coat]),
        head=pick(HEADS),
        ears=pick(EARS),
        eye_shape=pick(EYE_SHAPES),
        eyes=_eyes(
            coat,
            other=pick([colour for colour in EYE_COLOURS if colour != "blue"]),
            colour=pick(EYE_COLOURS),
            odd=pick(range(ODD_EYES)),
        ),
        whiskers=pick(WHISKERS),
        tail=pick(TAILS),
        collar=pick(COLLARS),
        collar_colour=pick(COLLAR_COLOURS),
        backdrop=pick(BACKDROPS),
        mood=pick(MOODS) if mood is None else mood,
    )


def _eyes(coat: Coat, other: EyeColour, colour: EyeColour, odd: int) -> tuple[EyeColour, EyeColour]:
    """Pointed cats have blue eyes; of the others some have odd ones, one of them blue."""
    if coat == "pointed":
        return ("blue", "blue")
    if odd == 0:
        return ("blue", other)
    return (other, "blue") if odd == 1 else (colour, colour)
