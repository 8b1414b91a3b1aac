"""The fallback cats: shown when no backend answers, drawn from the frontend's own files.

`static/fallback_cats/*.svg` are copies of what the backend draws for these seeds (`/cats/<seed>.svg`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from frontend.i18n import gettext_noop

if TYPE_CHECKING:
    from gettext import NullTranslations

    from frontend.static_files import StaticFiles


class FallbackCat(msgspec.Struct, frozen=True):
    """A cat by its seed, with message ids of what it says."""

    seed: str
    name: str
    alt: str
    greeting: str
    fact: str


CATS = (
    FallbackCat(
        "house-1",
        "Gaston",
        gettext_noop(
            "Alley cat with a round head and pricked ears, ginger and white tuxedo coat, closed eyes, "
            "green bandana, laughing."
        ),
        gettext_noop("Ha! A visitor. Come closer, I do not bite. Often."),
        gettext_noop("The containers of a Pod share one network: for them, localhost is each other."),
    ),
    FallbackCat(
        "house-2",
        "Clémentine",
        gettext_noop(
            "Siamese cat with a slender head and pricked ears, cream coat with a brown mask, blue eyes,"
            " violet bow tie, sticking its tongue out."
        ),
        gettext_noop("Oh, hello. I was posing, not waiting."),
        gettext_noop("A Pod has one IP address, however many containers live in it."),
    ),
    FallbackCat(
        "house-5",
        "Crumpet",
        gettext_noop(
            "Alley cat with tufted cheeks and pricked ears, black and ginger tortoiseshell coat, "
            "turquoise eyes, red collar with a heart-shaped tag, sticking its tongue out."
        ),
        gettext_noop("Is that a fish behind your back? No? Hello anyway."),
        gettext_noop("When a liveness probe fails too often, the container is restarted; the Pod stays."),
    ),
    FallbackCat(
        "house-6",
        "Hazel",
        gettext_noop(
            "Maine coon with tufted cheeks and tufted ears, chocolate and white tuxedo coat, one blue "
            "eye and one copper eye, yellow collar with a bell, looking grumpy."
        ),
        gettext_noop("You knocked. I noticed. I notice everything."),
        gettext_noop("A readiness probe keeps traffic away; it never restarts anything."),
    ),
    FallbackCat(
        "house-8",
        "Balthazar",
        gettext_noop(
            "Turkish Angora with a round head and pricked ears, white coat, one blue eye and one golden"
            " eye, violet collar with a bell, looking curious."
        ),
        gettext_noop("One eye for you, one eye for the mouse."),
        gettext_noop("A memory limit kills, a CPU limit only slows down."),
    ),
    FallbackCat(
        "house-9",
        "Velours",
        gettext_noop(
            "Ragdoll with tufted cheeks and pricked ears, pale coat with a blue-grey mask, blue eyes, "
            "blue bandana, sticking its tongue out."
        ),
        gettext_noop("Mrrr. Mind the fur, it is freshly licked."),
        gettext_noop("Requests are what the scheduler counts; limits are what the node enforces."),
    ),
    FallbackCat(
        "house-12",
        "Félix",
        gettext_noop(
            "Bengal cat with a slender head and pricked ears, ginger tabby coat, green eyes, green "
            "bandana, wide-eyed with amazement."
        ),
        gettext_noop("Someone at last! I have been staring at this wall for hours."),
        gettext_noop("An ephemeral container can join a running Pod, and can never be removed from it."),
    ),
    FallbackCat(
        "house-16",
        "Sushi",
        gettext_noop(
            "Maine coon with tufted cheeks and tufted ears, white coat with cream and grey patches, one"
            " blue eye and one copper eye, sticking its tongue out."
        ),
        gettext_noop("Bleh. That was hello in cat."),
        gettext_noop("128M is 128 million bytes; 128Mi is a little more: cats count in powers of two."),
    ),
    FallbackCat(
        "house-18",
        "Espresso",
        gettext_noop(
            "Scottish fold with a slender head and folded ears, cream coat with a ginger mask, blue "
            "eyes, blue collar with a heart-shaped tag, looking curious."
        ),
        gettext_noop("Small cat, big night. Who are you?"),
        gettext_noop("A Pod that dies is not mended: another one is made, with another address."),
    ),
    FallbackCat(
        "house-19",
        "Zébulon",
        gettext_noop(
            "Scottish fold with a round head and folded ears, silver tabby coat, green eyes, yellow bow"
            " tie, looking curious."
        ),
        gettext_noop("You may admire the stripes."),
        gettext_noop("port-forward goes to one Pod and asks neither the Service nor the readiness probe."),
    ),
    FallbackCat(
        "house-22",
        "Orion",
        gettext_noop(
            "European shorthair with a round head and pricked ears, grey tabby coat, copper eyes, blue "
            "collar with a bell, looking grumpy."
        ),
        gettext_noop("Hm. You again? No? They all look alike, these humans."),
        gettext_noop("The name that a Pod knows itself by is its hostname, never its container’s name."),
    ),
    FallbackCat(
        "house-23",
        "Matcha",
        gettext_noop(
            "Alley cat with a slender head and pricked ears, chocolate and white tuxedo coat, closed "
            "eyes, blue bandana, dozing."
        ),
        gettext_noop("Zzz… five more minutes…"),
        gettext_noop("A startup probe holds the other probes back until a slow sleeper is up."),
    ),
)


def fallback_cats(translations: NullTranslations, static_files: StaticFiles) -> list[dict[str, str]]:
    return [
        {
            "seed": cat.seed,
            "name": cat.name,
            "alt": translations.gettext(cat.alt),
            "greeting": translations.gettext(cat.greeting),
            "fact": translations.gettext(cat.fact),
            "url": static_files.url(f"fallback_cats/{cat.seed}.svg"),
        }
        for cat in CATS
    ]
