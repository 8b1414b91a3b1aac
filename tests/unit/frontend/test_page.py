"""The page, its language, its files, its weight."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

LIMIT = 100_000


def data_of(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html)
    assert found
    return dict(json.loads(found[1]))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        pytest.param("fr-FR,fr;q=0.9,en;q=0.8", "fr", id="a French browser"),
        pytest.param("en-GB,en;q=0.9", "en", id="an English browser"),
        pytest.param("de,fr;q=0.5,en;q=0.3", "fr", id="the better of ours"),
        pytest.param("fr;q=0,en", "en", id="French refused"),
        pytest.param("ja", "en", id="neither"),
        pytest.param("", "en", id="not said"),
    ],
)
def test_the_browsers_language(client: FlaskClient, accepted: str, language: str) -> None:
    response = client.get("/", headers={"Accept-Language": accepted})
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text
    assert {"Accept-Language", "Cookie"} <= set(response.vary)


def test_the_switch_is_remembered(client: FlaskClient) -> None:
    response = client.post("/language", data={"lang": "fr"})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "Max-Age=31536000" in response.headers["Set-Cookie"]
    assert client.get("/", headers={"Accept-Language": "en"}).headers["Content-Language"] == "fr"


def test_an_unknown_language_is_refused(client: FlaskClient) -> None:
    response = client.post("/language", data={"lang": "xx"})
    assert (response.status_code, response.get_json()["detail"]) == (400, "lang must be one of en, fr")


def test_a_strange_cookie_is_ignored(client: FlaskClient) -> None:
    client.set_cookie("lang", "../etc")
    assert client.get("/").headers["Content-Language"] == "en"


def test_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient) -> None:
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", response.text)
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", response.text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", response.text))


def test_files_are_cached_for_ever_by_their_content(client: FlaskClient) -> None:
    path = re.findall(r'href="(/static/\w+/page.css)"', client.get("/").text)[0]
    assert client.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    old = client.get(re.sub(r"/static/\w+/", "/static/000000000000/", path))
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["missing.js", "../page.py", "..%2fpage.py", "fallback_cats/"])
def test_only_the_pages_own_files_are_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/x/{name}").status_code == 404


def test_the_house_cats_are_there_without_a_backend(client: FlaskClient) -> None:
    cats = data_of(client.get("/").text)["house"]
    assert len(cats) == 12
    assert len({cat["name"] for cat in cats}) == 12
    for cat in cats:
        assert cat["alt"]
        assert cat["fact"]
        drawing = client.get(cat["url"])
        assert (drawing.status_code, drawing.mimetype) == (200, "image/svg+xml")


def test_the_first_view_is_light(client: FlaskClient) -> None:
    """Page, style and scripts, with the twelve house cats, as sent to a browser that takes gzip."""
    accept = {"Accept-Encoding": "gzip"}
    page = client.get("/", headers=accept)
    html = client.get("/").text
    digest = re.findall(r"/static/(\w+)/", html)[0]
    shelf = client.application.config["SHELF"]
    sent = [len(client.get(f"/static/{digest}/{name}", headers=accept).data) for name in shelf.files]
    assert len(page.data) + sum(sent) < LIMIT


def test_head_is_answered(client: FlaskClient) -> None:
    assert client.head("/").status_code == 200
