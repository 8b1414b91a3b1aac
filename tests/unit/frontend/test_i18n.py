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
DOMAINS = ("messages", "script")


def messages_of(domain):
    return {message.id: message.string for message in read_catalog("fr", domain) if message.id}


def forms(text):
    return text if isinstance(text, tuple) else (text,)


PAIRS = [pair for domain in DOMAINS for pair in messages_of(domain).items()]
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


def test_every_message_is_translated():
    assert all(FRENCH)


def test_one_translation_for_a_message_of_both_catalogues():
    first, second = map(messages_of, DOMAINS)
    assert {message: first[message] for message in first.keys() & second} == {
        message: second[message] for message in first.keys() & second
    }


@pytest.mark.parametrize(("message", "french"), PAIRS)
def test_placeholders_survive_translation(message, french):
    names = set(re.findall(r"\{\w+\}", forms(message)[0]))
    assert all(set(re.findall(r"\{\w+\}", form)) == names for form in forms(french))


@pytest.mark.parametrize("text", FRENCH)
def test_french_typographic_spaces(text):
    """A narrow no-break space before ; ! ? and a no-break space before a colon; never a straight apostrophe."""
    prose = re.sub(r"https?:|\{\w+\}", "", text)
    assert not re.search(r"[^\u202f;!?][;!?]", prose)
    assert not re.search(r"[^\u00a0]:", prose)
    assert "'" not in prose


def test_plural_forms():
    french = script_messages("fr")["{n} visitor is in the house."]
    assert french == ("{n} visiteur est dans la maison.", "{n} visiteurs sont dans la maison.")


def test_english_needs_no_translation():
    assert script_messages("en") == {}
    assert translations("en").gettext("Every hop is fine.") == "Every hop is fine."
