"""The page, its language, its files."""

import re

import pytest

LANGUAGES = {
    "a French browser": ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
    "an English browser": ("en-GB,en;q=0.9", "en"),
    "the better of ours": ("de,fr;q=0.5,en;q=0.3", "fr"),
    "French refused": ("fr;q=0,en", "en"),
    "neither": ("ja", "en"),
    "no preference": ("", "en"),
}


@pytest.mark.parametrize(("accepted", "language"), LANGUAGES.values(), ids=LANGUAGES)
def test_the_browsers_language(client, accepted, language):
    response = client.get("/", headers={"Accept-Language": accepted})
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text
    assert {"Accept-Language", "Cookie"} <= set(response.vary)
    assert client.head("/").status_code == 200


def test_the_switch_is_remembered(client):
    response = client.post("/language", data={"lang": "fr"})
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "Max-Age=31536000" in response.headers["Set-Cookie"]
    assert client.get("/", headers={"Accept-Language": "en"}).headers["Content-Language"] == "fr"


def test_an_unknown_language_is_refused(client):
    response = client.post("/language", data={"lang": "xx"})
    assert (response.status_code, response.get_json()["detail"]) == (400, "lang must be one of en, fr")
    client.set_cookie("lang", "../etc")
    assert client.get("/").headers["Content-Language"] == "en"


def test_nothing_inline_and_nothing_from_elsewhere(client):
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", response.text)
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", response.text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", response.text))


def test_files_are_cached_for_ever_by_their_content(client):
    path = re.findall(r'href="(/static/\w+/page.css)"', client.get("/").text)[0]
    assert client.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    old = client.get(re.sub(r"/static/\w+/", "/static/000000000000/", path))
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")


def test_the_scripts_are_preloaded(client):
    """All that app.js imports, directly or not, and nothing that is loaded later."""
    preloaded = set(re.findall(r'modulepreload" href="/static/\w+/([^"]+)"', client.get("/").text))
    assert {"chat_store.js", "event_stream.js"} <= preloaded
    assert not any("/" in name for name in preloaded)


@pytest.mark.parametrize("name", ["missing.js", "../page.py", "..%2fpage.py", "fallback_cats/"])
def test_only_the_pages_own_files_are_served(client, name):
    assert client.get(f"/static/x/{name}").status_code == 404


def test_a_click_on_a_cat_is_counted(client):
    assert client.post("/clicks", json={}).status_code == 204
    assert client.post("/clicks", data={}).status_code == 415
    assert "cat_clicks_total 1.0" in client.get("/metrics").text
