"""Routes of the page: its HTML, its files, its language, and the connectivity of the backend."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request

from frontend.config import NAME
from frontend.connectivity import Outcome
from frontend.context import context
from frontend.diagnosis import describe
from frontend.i18n import LANGUAGES, script_messages, translations
from frontend.static_files import content_type
from service_runtime.responses import reply, require_json
from service_runtime.version import version

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600
GRID_CELLS = 24
IMMUTABLE = "public, max-age=31536000, immutable"

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def index() -> Response:
    static_files = context().static_files
    html = render_template(
        "page.html",
        _=translations(g.language).gettext,
        static_url=static_files.url,
        settings=context().settings,
        data=page_data(),
        language=g.language,
        languages=LANGUAGES,
        modules=static_files.imports("app.js"),
        grid_cells=GRID_CELLS,
    )
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = g.language
    response.vary.update(("Accept-Language", "Cookie"))
    return response


def page_data() -> dict[str, Any]:
    """Return what the scripts need as JSON."""
    settings = context().settings
    return {
        "language": g.language,
        "messages": script_messages(g.language),
        "faults": settings.faults == "on",
        "served_by": {"pod": settings.pod, "version": settings.version, "colour": version(NAME, settings).colour},
    }


@blueprint.post("/language")
def language() -> WerkzeugResponse:
    """Remember the chosen language for a year, and redirect to the page."""
    code = request.form.get("lang", "")
    if code not in LANGUAGES:
        abort(HTTPStatus.BAD_REQUEST, f"lang must be one of {', '.join(LANGUAGES)}")
    response = redirect("/", HTTPStatus.SEE_OTHER)
    response.set_cookie(COOKIE, code, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax")
    return response


@blueprint.post("/clicks")
def clicks() -> Response:
    """Count a click on a cat: the course's exercise asks for one, also where no backend answers."""
    require_json()
    context().metrics.cat_clicks.inc()
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/static/<digest>/<path:name>")
def static(digest: str, name: str) -> Response:
    """Serve a file; an old page's digest gets the current file, which is then not to be cached."""
    static_files = context().static_files
    if name not in static_files.files:
        abort(HTTPStatus.NOT_FOUND)
    response = Response(static_files.files[name], content_type=content_type(name))
    response.headers["Cache-Control"] = IMMUTABLE if digest == static_files.digest else "no-cache"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> WerkzeugResponse:
    return redirect(context().static_files.url("icon.svg"), HTTPStatus.FOUND)


@blueprint.get("/api/backend")
def backend() -> Response:
    """Return the connectivity of the backend; always 200, as the check itself worked."""
    connectivity = context().backend_check.check()
    context().metrics.backend_up.set(connectivity.outcome == Outcome.OK)
    body = describe(connectivity, translations(g.language), context().settings)
    return reply(body)
