"""The page, its files, its language, and the state of the hop to the backend."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request

from frontend.connectivity import Kind
from frontend.diagnosis import describe
from frontend.fallback_cats import house_cats
from frontend.i18n import LANGUAGES
from frontend.messages import page_texts
from frontend.static_files import content_type

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from frontend.config import Config
    from frontend.static_files import Shelf

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600
WINDOWS = 24
IMPORTS = re.compile(rb'^import [^;]*?"\./([\w-]+\.js)";', re.MULTILINE)
FOR_EVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def index() -> Response:
    """Show the wall: windows that the page's script fills with cats."""
    config: Config = current_app.config["FRONTEND"]
    shelf: Shelf = current_app.config["SHELF"]
    html = render_template(
        "page.html",
        _=g.words.gettext,
        asset=shelf.url,
        config=config,
        data=page_data(config, shelf),
        language=g.language,
        languages=LANGUAGES,
        modules=modules(shelf),
        windows=WINDOWS,
    )
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = g.language
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def modules(shelf: Shelf) -> tuple[str, ...]:
    """Return what `app.js` imports, directly or not: named in the page, all of it is fetched in one round."""
    found = ["app.js"]
    for name in found:
        found += [other.decode() for other in IMPORTS.findall(shelf.files[name]) if other.decode() not in found]
    return tuple(dict.fromkeys(found[1:]))


def page_data(config: Config, shelf: Shelf) -> dict[str, Any]:
    """Return what the script needs: its texts, the house cats, and who serves them."""
    return {
        "language": g.language,
        "texts": page_texts(g.words),
        "house": house_cats(g.words, shelf),
        "faults": config.faults == "on",
        "served_by": {"pod": config.pod, "version": config.version, "colour": config.tint},
    }


@blueprint.post("/language")
def language() -> AnyResponse:
    """Remember the chosen language for a year, and show the page again."""
    chosen = request.form.get("lang", "")
    if chosen not in LANGUAGES:
        abort(HTTPStatus.BAD_REQUEST, f"lang must be one of {', '.join(LANGUAGES)}")
    response = redirect("/", HTTPStatus.SEE_OTHER)
    response.set_cookie(COOKIE, chosen, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
    return response


@blueprint.get("/static/<digest>/<path:name>")
def static(digest: str, name: str) -> Response:
    """Serve a file; an old page's digest gets today's file, which is then not to be cached."""
    shelf: Shelf = current_app.config["SHELF"]
    if name not in shelf.files:
        abort(HTTPStatus.NOT_FOUND)
    response = Response(shelf.files[name], content_type=content_type(name))
    response.headers["Cache-Control"] = FOR_EVER if digest == shelf.digest else "no-cache"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> AnyResponse:
    """Send those who do not read the page's link to the icon."""
    shelf: Shelf = current_app.config["SHELF"]
    return redirect(shelf.url("icon.svg"), HTTPStatus.FOUND)


@blueprint.get("/api/backend")
def backend() -> Response:
    """Say how the way to the backend is, in the reader's language; always 200, for the looking itself worked."""
    hop = current_app.config["WATCHER"].look()
    current_app.config["METRICS"].backend_up.set(hop.kind == Kind.OK)
    body = describe(hop, g.words, current_app.config["FRONTEND"])
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), headers=headers, content_type="application/json")
