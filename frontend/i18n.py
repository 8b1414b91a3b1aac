"""gettext catalogues of the page's two languages, compiled from their `.po` files in memory.

The message ids are the English texts. Domain `messages` holds those of Python and the templates, `script` those of
the page's scripts.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.core import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from werkzeug.datastructures import LanguageAccept

LANGUAGES = {"en": "English", "fr": "Français"}
LOCALE = Path(__file__).parent / "locale"


def gettext_noop(message: str) -> str:
    """Mark a text that is translated where it is used."""
    return message


def read_catalog(language: str, domain: str) -> Catalog:
    """Return a catalogue; English has none, so its is empty."""
    path = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.is_file():
        return Catalog(language)
    with path.open("rb") as lines:
        return read_po(lines, locale=language)


@cache
def translations(language: str) -> NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, read_catalog(language, "messages"))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def script_messages(language: str) -> dict[str, Any]:
    """Return the translations for the scripts by message id; a plural's forms by its singular."""
    messages = (message for message in read_catalog(language, "script") if message.id)
    return {message.id if isinstance(message.id, str) else message.id[0]: message.string for message in messages}


def negotiate_language(cookie: str | None, accepted: LanguageAccept) -> str:
    """Return the remembered language, else the browser's preference, else English."""
    if cookie in LANGUAGES:
        return str(cookie)
    preferred = [language.replace("-", "_") for language, quality in accepted if quality > 0]
    return negotiate_locale(preferred, list(LANGUAGES)) or "en"
