"""The lessons in the browser, served on loopback alone."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, jsonify, render_template, request
from markdown_it import MarkdownIt
from werkzeug.serving import WSGIRequestHandler, make_server

from lab.errors import BadInput, LabError
from lab.experiments.texts import LANGUAGES, Language, load
from lab.learn.picture import as_shown
from lab.lessons import content, progress
from lab.lessons.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.lessons.definition import Lesson
    from lab.lessons.learner import Learner

_TEXTS = load("lessons").section("web")
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def create_app(lessons: tuple[Lesson, ...], make_learner: Callable[..., Learner], default: Language) -> Flask:
    """Return the application; ``make_learner`` takes a lesson and a ``language``."""
    app = Flask(__name__, template_folder="assets", static_folder="assets", static_url_path="/static")
    app.before_request(_refuse_strangers)
    app.after_request(_harden)
    app.register_error_handler(LabError, _explain)
    views = Views(lessons, make_learner, default)
    for rule, view in (
        ("/", views.index),
        ("/lessons/<name>", views.page),
        ("/lessons/<name>/state", views.state),
        ("/lessons/<name>/explanation", views.explanation),
    ):
        app.add_url_rule(rule, view_func=view)
    for view in (views.start, views.hint, views.solution, views.reset):
        app.add_url_rule(f"/lessons/<name>/{view.__name__}", view_func=view, methods=["POST"])
    return app


class Views:
    """The application's answers; a lesson that is open in a browser has one watch a language."""

    def __init__(self, lessons: tuple[Lesson, ...], make_learner: Callable[..., Learner], default: Language) -> None:
        self._lessons, self._make_learner, self._default = lessons, make_learner, default
        self._by_id = {lesson.id: lesson for lesson in lessons}
        self._watches: dict[tuple[str, Language], Watch] = {}
        self._lock = threading.Lock()

    def index(self) -> str:
        return _page(self._lessons, None, self._language())

    def page(self, name: str) -> str:
        return _page(self._lessons, self._watch(name).learner.lesson, self._language())

    def state(self, name: str) -> Response:
        return jsonify(as_shown(self._watch(name).look()))

    def explanation(self, name: str) -> Response:
        learner = self._watch(name).learner
        if not learner.progress.passed:
            abort(404)
        return jsonify(html=_MARKDOWN.render(content.after(learner.lesson, learner.evidence(), learner.language)))

    def start(self, name: str) -> Response:
        learner = self._watch(name).learner
        return jsonify(new=learner.start(), namespace=learner.lesson.namespace)

    def hint(self, name: str) -> Response:
        learner = self._watch(name).learner
        given = learner.hint(learner.checker.check())
        return jsonify(steps=given.steps if given else [], more=bool(given and given.more))

    def solution(self, name: str) -> Response:
        return jsonify(solution=self._watch(name).learner.solution())

    def reset(self, name: str) -> Response:
        self._watch(name).learner.reset()
        return jsonify(ok=True)

    def _language(self) -> Language:
        asked = request.args.get("lang")
        return next((language for language in LANGUAGES if language == asked), self._default)

    def _watch(self, name: str) -> Watch:
        if name not in self._by_id:
            abort(404)
        language = self._language()
        with self._lock:
            if (name, language) not in self._watches:
                self._watches[name, language] = Watch(self._make_learner(self._by_id[name], language=language))
            return self._watches[name, language]


def _refuse_strangers() -> None:
    """Refuse other hosts (DNS rebinding), and changes that another site's page asks for."""
    if re.sub(r":\d+$", "", request.host) not in _LOCAL:
        abort(403)
    if request.method == "POST" and not (request.is_json and request.headers.get("Sec-Fetch-Site") != "cross-site"):
        abort(403)


def _harden(response: Response) -> Response:
    response.headers.update({"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})
    return response


def _explain(error: LabError) -> tuple[Response, int]:
    return jsonify(error=error.what, hint=error.hint), 400 if isinstance(error, BadInput) else 503


def _page(lessons: tuple[Lesson, ...], lesson: Lesson | None, language: Language) -> str:
    done = progress.load(progress.file()).lessons
    texts = {key: _TEXTS[key].of(language) for key in _TEXTS}
    rows = [(each, content.mark(done.get(each.id)), each.title.of(language)) for each in lessons]
    body = _MARKDOWN.render(content.before(lesson, language)) if lesson else ""
    return render_template(
        "learn.html.j2", lesson=lesson, rows=rows, body=body, language=language, languages=LANGUAGES, texts=texts
    )


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print no line a request."""


def serve(
    lessons: tuple[Lesson, ...],
    make_learner: Callable[..., Learner],
    language: Language,
    port: int,
    write: Callable[[str], None],
) -> None:
    """Serve on 127.0.0.1 until Ctrl-C; raises BadInput where the port is taken."""
    app = create_app(lessons, make_learner, language)
    try:
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit):
        raise BadInput(
            f"port {port} of this computer is taken", "choose another: lab learn --browser --port 0"
        ) from None
    write(f"http://localhost:{server.port}/")
    write(_TEXTS["ends"].of(language))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
