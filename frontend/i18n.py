"""The two languages: gettext catalogues, read from their `.po` sources at start.

English is the source language. The `.po` files are compiled in memory, so a read-only image needs no build step.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from werkzeug.datastructures import LanguageAccept

LANGUAGES = {"en": "English", "fr": "Français"}
LOCALE = Path(__file__).parent / "locale"


def mark(text: str) -> str:
    """Mark a text for the catalogue where it is only translated later."""
    return text


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """Mark a text and its plural for the catalogue."""
    return one, many


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the translations into `language`; English needs none."""
    source = LOCALE / language / "LC_MESSAGES" / "messages.po"
    if language not in LANGUAGES or not source.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def choose(remembered: str | None, accepted: LanguageAccept) -> str:
    """Choose the language: the remembered one, else the browser's preference, else English."""
    if remembered in LANGUAGES:
        return str(remembered)
    wanted = [value.replace("-", "_") for value, quality in accepted if quality > 0]
    return negotiate_locale(wanted, list(LANGUAGES)) or "en"
