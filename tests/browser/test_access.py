"""Everybody can use it: axe finds nothing in any state, language, theme or size; French is French everywhere."""

import importlib.util
import re
from pathlib import Path

import pytest

from frontend.i18n import read_catalog

RUN = """
const done = arguments[arguments.length - 1];
const only = arguments[0].length ? { runOnly: arguments[0] } : {};
axe.run(document, { resultTypes: ['violations'], ...only }).then(({ violations }) => done(violations.map((violation) =>
  `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary)}`)), done);
"""
PHONE, DESKTOP = 390, 1280


@pytest.fixture(scope="session")
def axe():
    """The script itself, found without importing the package around it."""
    package = importlib.util.find_spec("axe_playwright_python")
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


def violations(visitor, axe, *rules):
    if not visitor.run("return Boolean(window.axe)"):
        visitor.run(axe)
    visitor.until("document.getAnimations().every((a) => a.effect.getTiming().iterations === Infinity)", "never still")
    return visitor.browser.execute_async_script(RUN, list(rules))


def in_both_themes(visitor, axe, width):
    """A theme changes colours only: the light one is checked for everything, the dark one for contrast."""
    light = violations(visitor, axe)
    visitor.size(width, scheme="dark", motion="reduce")
    dark = violations(visitor, axe, "color-contrast")
    visitor.size(width, motion="reduce")
    return light + dark


@pytest.mark.parametrize(
    ("language", "width"),
    [
        ("fr", PHONE),
        pytest.param("en", DESKTOP, marks=pytest.mark.nightly),
        pytest.param("en", PHONE, marks=pytest.mark.nightly),
        pytest.param("fr", DESKTOP, marks=pytest.mark.nightly),
    ],
)
def test_axe_finds_nothing(person, axe, language, width):
    """The grid; the dialog while one waits and talks; the panel, beside it and alone."""
    visitor = person(language)
    visitor.size(width, motion="reduce")
    visitor.visit()
    problems = {"grid": in_both_themes(visitor, axe, width)}
    visitor.wait_alone()
    problems["waiting"] = in_both_themes(visitor, axe, width)
    visitor.unmock("/chat")
    visitor.meets()
    visitor.write("Hello")
    visitor.until(lambda: len(visitor.messages()) >= 4, "no answer")
    problems["talking"] = in_both_themes(visitor, axe, width)
    visitor.find("#chat-why").click()
    visitor.until("document.querySelectorAll('#panel .fault').length > 5", "the panel is not complete")
    visitor.run("document.querySelectorAll('.fault').forEach((fault) => (fault.open = true))")
    problems["talking beside the panel"] = in_both_themes(visitor, axe, width)
    visitor.find("#panel-close").click()
    visitor.find("#chat-close").click()
    visitor.find(".sign [data-opens=panel]").click()
    problems["panel"] = in_both_themes(visitor, axe, width)
    assert not {state: details for state, details in problems.items() if details}


def test_axe_finds_nothing_without_a_backend(person, axe, own_backend):
    own_backend.kill()
    visitor = person("fr")
    visitor.size(DESKTOP, motion="reduce")
    visitor.browser.get(visitor.url)
    visitor.until(lambda: len(visitor.find_all(".window.lit")) == 12, "no fallback cats")
    visitor.reads("#notice p", "Connexion refusée")
    visitor.find("#notice button").click()
    visitor.until("document.querySelector('.path .note')", "no note about the broken stage")
    problems = in_both_themes(visitor, axe, DESKTOP)
    visitor.choose_cat()
    visitor.meets("local")
    assert problems + in_both_themes(visitor, axe, DESKTOP) == []


def forms(text):
    return text if isinstance(text, tuple) else (text,)


def english_patterns():
    """What must not be read on a French page: every English text that differs from its translation."""
    messages = [message for domain in ("messages", "script") for message in read_catalog("fr", domain) if message.id]
    pairs = [pair for message in messages for pair in zip(forms(message.id), forms(message.string), strict=True)]
    changed = [english for english, french in pairs if english != french]
    pieces = {piece.strip(" .:…") for english in changed for piece in re.split(r"\{\w+\}", english)}
    texts = sorted(piece for piece in pieces if len(piece) > 3 and piece not in {"code", "fine", "limit", "port"})
    return [re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])") for text in texts]


def test_no_english_is_left_in_french(person):
    """Grid, dialog and panel, visible texts and labels; commands, names and reasons of the backend stay."""
    visitor = person("fr").visit()
    visitor.choose_cat()
    visitor.meets()
    visitor.find("#chat-why").click()
    visitor.until("document.querySelectorAll('#panel .fault').length > 5", "the panel is not complete")
    shown = visitor.run(TEXTS)
    assert "Coulisses" in shown
    assert [pattern.pattern for pattern in english_patterns() if pattern.search(shown)] == []


TEXTS = """
const copy = document.body.cloneNode(true);
copy.querySelectorAll('script, code, #chat-log, .name, [lang=en]').forEach((node) => node.remove());
const labels = [...copy.querySelectorAll('[aria-label], [placeholder]')].map((node) =>
  `${node.getAttribute('aria-label') ?? ''} ${node.placeholder ?? ''}`);
return [copy.textContent, ...labels].join(' \\n ');
"""
