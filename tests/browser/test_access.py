"""Everybody can use it: axe finds nothing in any state, language, theme or size; French is French everywhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from frontend.i18n import read_catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Person, Program

RUN = """
const done = arguments[arguments.length - 1];
const only = arguments[0].length ? { runOnly: arguments[0] } : {};
axe.run(document, { resultTypes: ['violations'], ...only }).then(({ violations }) => done(violations.map((found) =>
  `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary)}`)), done);
"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script itself, found without importing the package around it."""
    package = importlib.util.find_spec("axe_playwright_python")
    assert package
    assert package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


def violations(visitor: Person, axe: str, *rules: str) -> list[str]:
    if not visitor.browser.execute_script("return Boolean(window.axe)"):
        visitor.browser.execute_script(axe)
    visitor.until("document.getAnimations().every((a) => a.effect.getTiming().iterations === Infinity)", "never still")
    return list(visitor.browser.execute_async_script(RUN, list(rules)))


def in_both_themes(visitor: Person, axe: str, width: int) -> list[str]:
    """Colours are all that a theme changes: the light one is looked at for everything, the dark one for contrast."""
    found = violations(visitor, axe)
    visitor.size(width, scheme="dark", motion="reduce")
    dark = violations(visitor, axe, "color-contrast")
    visitor.size(width, motion="reduce")
    return found + dark


SIZES = [pytest.param(390, id="phone"), pytest.param(1280, id="desktop")]


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing(person: Callable[..., Person], axe: str, language: str, width: int) -> None:
    """The wall; the window while one waits, talks and is left; backstage, beside it and alone."""
    visitor = person(language)
    visitor.size(width, motion="reduce")
    visitor.visit()
    found = {"wall": in_both_themes(visitor, axe, width)}
    visitor.knock()
    visitor.meets("waiting")
    found["waiting"] = in_both_themes(visitor, axe, width)
    visitor.meets()
    visitor.write("Hello")
    visitor.until(lambda: len(visitor.lines()) >= 4, "no answer")
    found["talking"] = in_both_themes(visitor, axe, width)
    visitor.one("#chat-why").click()
    visitor.until("document.querySelectorAll('#panel .fault').length > 5", "the panel is not complete")
    visitor.browser.execute_script("document.querySelectorAll('.fault').forEach((fault) => (fault.open = true))")
    found["talking backstage"] = in_both_themes(visitor, axe, width)
    visitor.one("#panel-close").click()
    visitor.one("#chat-close").click()
    visitor.one(".sign [data-opens=panel]").click()
    found["backstage"] = in_both_themes(visitor, axe, width)
    assert not {state: what for state, what in found.items() if what}


def test_axe_finds_nothing_without_a_backend(person: Callable[..., Person], axe: str, own_backend: Program) -> None:
    own_backend.kill()
    visitor = person("fr")
    visitor.size(1280, motion="reduce")
    visitor.browser.get(visitor.url)
    visitor.until(lambda: len(visitor.all(".window.lit")) == 12, "no house cats")
    visitor.reads("#notice p", "Connexion refusée")
    visitor.one("#notice button").click()
    visitor.until("document.querySelector('.path .note')", "no note about the broken hop")
    found = {"backstage": in_both_themes(visitor, axe, 1280)}
    visitor.knock()
    visitor.meets("local")
    found["local"] = in_both_themes(visitor, axe, 1280)
    assert not {state: what for state, what in found.items() if what}


def english() -> list[re.Pattern[str]]:
    """What must not be read on a French page: every English text that has words of its own."""
    catalogs = [read_catalog("fr", domain) for domain in ("messages", "script")]
    pairs = [(message.id, message.string) for catalog in catalogs for message in catalog if message.id]
    flat = [
        (one, two)
        for id_, text in pairs
        for one, two in zip(
            id_ if isinstance(id_, tuple) else (id_,), text if isinstance(text, tuple) else (text,), strict=True
        )
    ]
    pieces = {piece.strip(" .:…") for one, two in flat if one != two for piece in re.split(r"\{\w+\}", one)}
    words = sorted(piece for piece in pieces if len(piece) > 3 and piece not in {"code", "fine", "limit", "port"})
    return [re.compile(rf"(?<![\w-]){re.escape(piece)}(?![\w-])") for piece in words]


def test_no_english_is_left_in_french(person: Callable[..., Person]) -> None:
    """Wall, window and backstage, visible texts and labels; commands, names and reasons of the backend stay."""
    visitor = person("fr").visit()
    visitor.knock()
    visitor.meets()
    visitor.one("#chat-why").click()
    visitor.until("document.querySelectorAll('#panel .fault').length > 5", "the panel is not complete")
    shown = str(visitor.browser.execute_script(TEXTS))
    assert "Coulisses" in shown
    assert [pattern.pattern for pattern in english() if pattern.search(shown)] == []


TEXTS = """
const copy = document.body.cloneNode(true);
copy.querySelectorAll('script, code, #chat-log, .name, [lang=en]').forEach((node) => node.remove());
const labels = [...copy.querySelectorAll('[aria-label], [placeholder]')].map((node) =>
  `${node.getAttribute('aria-label') ?? ''} ${node.placeholder ?? ''}`);
return [copy.textContent, ...labels].join(' \\n ');
"""
