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
    "meet": mark("Meet {name}"),
    "empty": mark("Nobody at this window yet"),
    "knocking": mark("Knocking at the window…"),
    "drawn_by": mark("drawn by Pod"),
    "kept_by": mark("a house cat, kept by Pod"),
    "version": mark("version {version}"),
    "not_counted": mark("Not counted: it is the backend that counts, and it is away."),
    "no_greeting": mark("I would say hello, but the backend that speaks for me does not answer."),
    "nothing": mark("nothing"),
    "copied": mark("Copied"),
    "copy": mark("Copy"),
    "fold": mark("Fold"),
    "unfold": mark("What was seen"),
    "frontend_title": mark("The page has lost its own frontend"),
    "frontend_why": mark(
        "Even the service that gave you this page does not answer any more. A port-forward ends when its Pod does, or "
        "when its terminal is closed."
    ),
}

ENCOUNTERS = mark_plural("{n} encounter, counted by this Pod", "{n} encounters, counted by this Pod")


def page_texts(words: NullTranslations) -> dict[str, str | list[str]]:
    """Return every text by its key; `encounters` holds the singular and the plural, as CLDR's «one» and «other»."""
    texts: dict[str, str | list[str]] = {key: words.gettext(text) for key, text in TEXTS.items()}
    texts["encounters"] = [words.ngettext(*ENCOUNTERS, number) for number in (1, 2)]
    return texts
