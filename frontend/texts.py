"""The texts that the page's script shows, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.words import mark, mark_plural

if TYPE_CHECKING:
    from gettext import NullTranslations

TEXTS = {
    "looking": mark("Looking for the backend…"),
    "all_well": mark("Every hop is fine: {name} {version} answers."),
    "back": mark("The backend is back. The cats are coming home."),
    "house_arrived": mark("The house cats keep the café open."),
    "fresh": mark("The café had forgotten you: a new visit has begun, and you are {name}."),
    "meet": mark("Meet {name}"),
    "a_cat": mark("a cat"),
    "waits": mark("Somebody waits at this window"),
    "empty": mark("Nobody at this window yet"),
    "mark_lit": mark("fine"),
    "mark_broken": mark("broken"),
    "mark_dim": mark("not reached"),
    "nothing": mark("nothing"),
    "frontend_title": mark("The page has lost its own frontend"),
    "frontend_why": mark(
        "Even the service that gave you this page does not answer any more. A port-forward ends when its Pod does, or "
        "when its terminal is closed."
    ),
}

STATES = {
    "lost": mark("The line to the café is cut; it is taken up again by itself."),
    "redis_away": mark(
        "The café’s memory, Redis, is away: nothing is lost, and the talk goes on as soon as it is back."
    ),
    "full": mark("The house is full: a place will be free in a moment."),
    "replaced": mark("Your cat sits in another tab now."),
    "bring_here": mark("Bring it here"),
    "try_now": mark("Try now"),
    "see_where": mark("See where it breaks"),
}

CHAT = {
    "knocking": mark("Knocking at the window…"),
    "waiting": mark("Somebody will open; if all are busy, a house cat comes in a moment."),
    "waiting_status": mark("Waiting for somebody."),
    "local_status": mark("A house cat of the frontend: it keeps the café while the backend is away."),
    "met_visitor": mark("You talk with a visitor."),
    "met_house": mark("You talk with a house cat; it steps aside when a visitor comes."),
    "say_hello": mark("The window is open: say hello to each other."),
    "no_greeting": mark("I would say hello, but the backend that speaks for me does not answer."),
    "left_you": mark("You have closed this window."),
    "left_next": mark("{name} went on to another window."),
    "left_left": mark("{name} has left."),
    "left_gone": mark("{name} vanished: the line went silent for too long."),
    "left_fresh": mark("The café has forgotten this conversation, and a new visit has begun."),
    "you": mark("You"),
    "says": mark("{who}: "),
    "typing": mark("{name} is typing…"),
    "sending": mark("on its way…"),
    "not_delivered": mark("not delivered"),
    "write_here": mark("Write to the cat"),
    "carried_by": mark("carried by Pod"),
    "kept_by": mark("a house cat, kept by Pod"),
    "version": mark("version {version}"),
}

COUNTED = {
    "others": mark_plural("{n} other visitor is in the house.", "{n} other visitors are in the house."),
    "waiting_now": mark_plural("{n} can be met right now.", "{n} can be met right now."),
    "rest": mark_plural("{n} character left", "{n} characters left"),
    "too_long": mark_plural("{n} character too many", "{n} characters too many"),
}


def page_texts(words: NullTranslations) -> dict[str, str | list[str]]:
    """Return every text by its key; those counted hold the singular and the plural, CLDR's «one» and «other»."""
    texts: dict[str, str | list[str]] = {key: words.gettext(text) for key, text in (TEXTS | STATES | CHAT).items()}
    counted = {key: [words.ngettext(*forms, number) for number in (1, 2)] for key, forms in COUNTED.items()}
    return texts | counted
