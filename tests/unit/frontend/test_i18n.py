"""The catalogues hold exactly what the code marks, and French is written as the French write it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import frontend
from frontend.i18n import LANGUAGES, LOCALE, catalogue
from frontend.messages import page_texts

ROOT = Path(frontend.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"mark": None, "mark_plural": (1, 2), "_": None}
FRENCH = LOCALE / "fr" / "LC_MESSAGES" / "messages.po"


def messages() -> dict[object, object]:
    with FRENCH.open("rb") as lines:
        return {message.id: message.string for message in read_po(lines, locale="fr") if message.id}


def test_the_french_catalogue_holds_what_the_code_marks() -> None:
    marked = {row[2] for row in extract_from_dir(ROOT, METHODS, keywords=KEYWORDS)}
    assert len(marked) > 60, "the extraction itself works"
    assert marked == set(messages())


def texts() -> list[str]:
    return [text for value in messages().values() for text in (value if isinstance(value, tuple) else (value,))]


def test_every_text_is_translated() -> None:
    assert all(texts())


def test_placeholders_survive_translation() -> None:
    for source, french in messages().items():
        one, *_ = source if isinstance(source, tuple) else (source,)
        for text in french if isinstance(french, tuple) else (french,):
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", one))


def test_french_typographic_spaces() -> None:
    """A narrow no-break space before ; ! ? and a no-break space before a colon; never a straight apostrophe."""
    for text in texts():
        bare = re.sub(r"https?:|\{\w+\}", "", text)
        assert not re.search(r"[^\u202f;!?][;!?]", bare), text
        assert not re.search(r"[^\u00a0]:", bare), text
        assert "'" not in bare, text


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        pytest.param("en", ["{n} visitor is in the house.", "{n} visitors are in the house."], id="English"),
        pytest.param("fr", ["{n} visiteur est dans la maison.", "{n} visiteurs sont dans la maison."], id="French"),
    ],
)
def test_plural_forms(language: str, forms: list[str]) -> None:
    assert page_texts(catalogue(language))["visitors"] == forms


def test_zero_is_singular_in_french() -> None:
    assert catalogue("fr").ngettext("{n} visitor is in the house.", "", 0).startswith("{n} visiteur ")


def test_languages() -> None:
    assert list(LANGUAGES) == ["en", "fr"]
