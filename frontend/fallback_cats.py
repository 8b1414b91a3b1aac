"""The fallback cats: shown when no backend answers, drawn from the frontend's own files.

`static/fallback_cats/*.svg` are copies of what the backend draws for these seeds (`/cats/<seed>.svg`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from frontend.i18n import mark

if TYPE_CHECKING:
    from gettext import NullTranslations

    from frontend.static_files import Shelf


class HouseCat(msgspec.Struct, frozen=True):
    """A cat by its seed, and what it says when one knocks."""

    seed: str
    name: str
    alt: str
    greeting: str
    fact: str


HOUSE = (
    HouseCat(
        "house-1",
        "Gaston",
        mark(
            "Alley cat with a round head and pricked ears, ginger and white tuxedo coat, closed eyes, "
            "green bandana, laughing."
        ),
        mark("Ha! A visitor. Come closer, I do not bite. Often."),
        mark("The containers of a Pod share one network: for them, localhost is each other."),
    ),
    HouseCat(
        "house-2",
        "Clémentine",
        mark(
            "Siamese cat with a slender head and pricked ears, cream coat with a brown mask, blue eyes,"
            " violet bow tie, sticking its tongue out."
        ),
        mark("Oh, hello. I was posing, not waiting."),
        mark("A Pod has one IP address, however many containers live in it."),
    ),
    HouseCat(
        "house-5",
        "Crumpet",
        mark(
            "Alley cat with tufted cheeks and pricked ears, black and ginger tortoiseshell coat, "
            "turquoise eyes, red collar with a heart-shaped tag, sticking its tongue out."
        ),
        mark("Is that a fish behind your back? No? Hello anyway."),
        mark("When a liveness probe fails too often, the container is restarted; the Pod stays."),
    ),
    HouseCat(
        "house-6",
        "Hazel",
        mark(
            "Maine coon with tufted cheeks and tufted ears, chocolate and white tuxedo coat, one blue "
            "eye and one copper eye, yellow collar with a bell, looking grumpy."
        ),
        mark("You knocked. I noticed. I notice everything."),
        mark("A readiness probe keeps traffic away; it never restarts anything."),
    ),
    HouseCat(
        "house-8",
        "Balthazar",
        mark(
            "Turkish Angora with a round head and pricked ears, white coat, one blue eye and one golden"
            " eye, violet collar with a bell, looking curious."
        ),
        mark("One eye for you, one eye for the mouse."),
        mark("A memory limit kills, a CPU limit only slows down."),
    ),
    HouseCat(
        "house-9",
        "Velours",
        mark(
            "Ragdoll with tufted cheeks and pricked ears, pale coat with a blue-grey mask, blue eyes, "
            "blue bandana, sticking its tongue out."
        ),
        mark("Mrrr. Mind the fur, it is freshly licked."),
        mark("Requests are what the scheduler counts; limits are what the node enforces."),
    ),
    HouseCat(
        "house-12",
        "Félix",
        mark(
            "Bengal cat with a slender head and pricked ears, ginger tabby coat, green eyes, green "
            "bandana, wide-eyed with amazement."
        ),
        mark("Someone at last! I have been staring at this wall for hours."),
        mark("An ephemeral container can join a running Pod, and can never be removed from it."),
    ),
    HouseCat(
        "house-16",
        "Sushi",
        mark(
            "Maine coon with tufted cheeks and tufted ears, white coat with cream and grey patches, one"
            " blue eye and one copper eye, sticking its tongue out."
        ),
        mark("Bleh. That was hello in cat."),
        mark("128M is 128 million bytes; 128Mi is a little more: cats count in powers of two."),
    ),
    HouseCat(
        "house-18",
        "Espresso",
        mark(
            "Scottish fold with a slender head and folded ears, cream coat with a ginger mask, blue "
            "eyes, blue collar with a heart-shaped tag, looking curious."
        ),
        mark("Small cat, big night. Who are you?"),
        mark("A Pod that dies is not mended: another one is made, with another address."),
    ),
    HouseCat(
        "house-19",
        "Zébulon",
        mark(
            "Scottish fold with a round head and folded ears, silver tabby coat, green eyes, yellow bow"
            " tie, looking curious."
        ),
        mark("You may admire the stripes."),
        mark("port-forward goes to one Pod and asks neither the Service nor the readiness probe."),
    ),
    HouseCat(
        "house-22",
        "Orion",
        mark(
            "European shorthair with a round head and pricked ears, grey tabby coat, copper eyes, blue "
            "collar with a bell, looking grumpy."
        ),
        mark("Hm. You again? No? They all look alike, these humans."),
        mark("The name that a Pod knows itself by is its hostname, never its container’s name."),
    ),
    HouseCat(
        "house-23",
        "Matcha",
        mark(
            "Alley cat with a slender head and pricked ears, chocolate and white tuxedo coat, closed "
            "eyes, blue bandana, dozing."
        ),
        mark("Zzz… five more minutes…"),
        mark("A startup probe holds the other probes back until a slow sleeper is up."),
    ),
)


def house_cats(words: NullTranslations, shelf: Shelf) -> list[dict[str, str]]:
    """Return the house cats as the page's script takes them."""
    return [
        {
            "seed": cat.seed,
            "name": cat.name,
            "alt": words.gettext(cat.alt),
            "greeting": words.gettext(cat.greeting),
            "fact": words.gettext(cat.fact),
            "url": shelf.url(f"fallback_cats/{cat.seed}.svg"),
        }
        for cat in HOUSE
    ]
