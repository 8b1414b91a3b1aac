"""The catalogues hold exactly the messages of the code, and French is written as the French write it."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import frontend
from frontend.i18n import read_catalog, script_messages, translations

ROOT = Path(frontend.__file__).parent
PYTHON = [("**.py", "python"), ("templates/**.html", "jinja2")]
SCRIPTS = [("static/**.js", "javascript")]
PLACEHOLDER = re.compile(r"\{\w+\}")


def messages_of(domain):
    return {message.id: message.string for message in read_catalog("fr", domain) if message.id}


def forms(text):
    return text if isinstance(text, tuple) else (text,)


PAIRS = [pair for domain in ("messages", "script") for pair in messages_of(domain).items()]
FRENCH = [form for _, french in PAIRS for form in forms(french)]


@pytest.mark.parametrize(
    ("domain", "methods", "keywords"),
    [
        pytest.param("messages", PYTHON, {"gettext_noop": None, "_": None}, id="messages"),
        pytest.param("script", SCRIPTS, {"gettext": None, "ngettext": (1, 2)}, id="script"),
    ],
)
def test_the_french_catalogue_holds_the_messages_of_the_code(domain, methods, keywords):
    used = {row[2] for row in extract_from_dir(ROOT, methods, keywords=keywords)}
    assert len(used) > 60, "the extraction itself works"
    assert used == set(messages_of(domain))


def test_every_message_is_translated_with_its_placeholders():
    assert all(FRENCH)
    for message, french in PAIRS:
        names = set(PLACEHOLDER.findall(forms(message)[0]))
        assert [set(PLACEHOLDER.findall(form)) for form in forms(french)] == [names] * len(forms(french)), message


def test_french_typographic_spaces():
    """A narrow no-break space before ; ! ? and a no-break space before a colon; never a straight apostrophe."""
    wrong = re.compile(r"[^\u202f;!?][;!?]|[^\u00a0]:|'")
    assert [text for text in FRENCH if wrong.search(re.sub(r"https?:|\{\w+\}", "", text))] == []


def test_plural_forms():
    french = script_messages("fr")["{n} visitor is in the house."]
    assert french == ("{n} visiteur est dans la maison.", "{n} visiteurs sont dans la maison.")


def test_english_needs_no_translation():
    assert script_messages("en") == {}
    assert translations("en").gettext("Every hop is fine.") == "Every hop is fine."
