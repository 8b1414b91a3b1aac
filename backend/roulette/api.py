"""The roulette over HTTP: a visit, its chats, its messages, its events."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from flask import Response, request
from msgspec import Meta

from backend.cats.cards import CatCard, card
from backend.cats.traits import cat_of
from backend.context import context
from backend.openapi import Endpoints, Operation
from backend.roulette import sse, store, talk
from backend.roulette.limits import VISITOR, Id, Text, body, clean
from backend.roulette.store import Away, NotInChat, TooMany, Unknown
from service_runtime.responses import problem, reply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from backend.roulette.streams import Stream

AWAY_SECONDS = 2
"""When to try again while the shared memory is away."""

SILENT_MILLISECONDS = 20_000
"""What a stream's beats say must be acknowledged within so long, else its connection is taken for dead."""

Number = Annotated[int, Meta(ge=0, le=2**53, description="the number of the last event seen")]

Token = Annotated[str, Meta(pattern=f"^{VISITOR.pattern}$", description="the visitor's token: keep it secret")]

routes = Endpoints("roulette", {"visitor": Token})


class Entering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes in: only the language."""

    language: store.Language


class Entered(msgspec.Struct, frozen=True):
    """The visitor's token, a secret, and cat."""

    visitor: str
    cat: CatCard


class Visit(msgspec.Struct, frozen=True):
    """The visitor's cat and state; `chat` is null without one."""

    cat: CatCard
    state: store.State
    chat: str | None


class Seeking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A click on a cat, or "next"."""

    id: Id


class Sought(msgspec.Struct, frozen=True):
    """What came of it at once."""

    state: store.State


class Saying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to the other one in that chat."""

    id: Id
    chat: Id
    text: Text


class Accepted(msgspec.Struct, frozen=True):
    """A message is in both logs, in the sender's as entry `number`; `repeated` when an earlier try put it there."""

    id: str
    number: int
    repeated: bool


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The visitor types in that chat."""

    chat: Id


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to resume; the header Last-Event-ID says the same, the larger counts.

    `page` is made by the client, one for each page or program: another page of the visitor replaces this stream.
    """

    after: Number = 0
    page: Id | None = None


class EventStream(Response):
    """An answer that hands its stream to the server and is itself forgotten, with the request."""

    def __init__(self, stream: Stream | None = None) -> None:
        """Answer with that stream; with none, with the headers alone."""
        super().__init__(content_type="text/event-stream")
        self.headers["Cache-Control"] = "no-cache, no-store"
        self.headers["X-Accel-Buffering"] = "no"
        del self.headers["Content-Length"]
        self.feed = stream

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Begin the answer."""
        if self.feed is None:
            return super().__call__(environ, start_response)
        self.feed.environ = environ
        if "gunicorn.socket" in environ:
            environ["gunicorn.socket"].setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MILLISECONDS)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.feed


@routes.before_request
def _sane() -> None:
    """Look only for what can be a token."""
    token = (request.view_args or {}).get("visitor")
    if token and not VISITOR.fullmatch(token):
        raise Unknown("There is no such visitor.")


@routes.app_errorhandler(Unknown)
def _unknown(_error: Unknown) -> Response:
    return problem(HTTPStatus.NOT_FOUND, "There is no such visitor, or no more: begin a new visit.", "unknown-visitor")


@routes.app_errorhandler(NotInChat)
def _not_in_chat(_error: NotInChat) -> Response:
    return problem(HTTPStatus.CONFLICT, "You are not, or no longer, in that chat.", "not-in-chat")


@routes.app_errorhandler(TooMany)
def _too_many(error: TooMany) -> Response:
    return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), "too-many", error.retry_after)


@routes.app_errorhandler(Away)
def _away(error: Away) -> Response:
    detail = f"The shared memory does not answer: {error}"
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, "redis-away", AWAY_SECONDS)


@routes.serves(
    Operation(
        "POST",
        "/api/visitors",
        "Begin a visit, with a cat of one's own.",
        Entered,
        status=201,
        body=(Entering,),
        problems=(400, 413, 429, 503),
    )
)
def enter() -> Response:
    asked = body(Entering)
    visitor, seed = os.urandom(16).hex(), os.urandom(5).hex()
    context().store.enter(visitor, seed, asked.language)
    return reply(Entered(visitor, card(cat_of(seed))), HTTPStatus.CREATED)


@routes.serves(Operation("GET", "/api/visitors/<visitor>", "How does the visit stand?", Visit, problems=(404, 503)))
def visit(visitor: str) -> Response:
    known = context().store.who(visitor)
    return reply(Visit(card(cat_of(known.cat)), known.state, known.chat))


@routes.serves(
    Operation("DELETE", "/api/visitors/<visitor>", "End the visit.", media=None, status=204, problems=(404, 503))
)
def end(visitor: str) -> Response:
    context().store.quit(visitor)
    return _done()


@routes.serves(
    Operation(
        "POST",
        "/api/visitors/<visitor>/chat",
        "Be paired, or wait; leaves what there is. The same id again is a repeat.",
        Sought,
        status=202,
        body=(Seeking,),
        problems=(400, 404, 413, 429, 503),
    )
)
def seek(visitor: str) -> Response:
    return reply(Sought(context().store.seek(visitor, body(Seeking).id)), HTTPStatus.ACCEPTED)


@routes.serves(
    Operation("DELETE", "/api/visitors/<visitor>/chat", "Leave.", media=None, status=204, problems=(404, 503))
)
def leave(visitor: str) -> Response:
    context().store.leave(visitor)
    return _done()


@routes.serves(
    Operation(
        "POST",
        "/api/visitors/<visitor>/messages",
        "Say something. The same id again is a repeat.",
        Accepted,
        status=202,
        body=(Saying,),
        problems=(400, 404, 409, 413, 429, 503),
    )
)
def say(visitor: str) -> Response:
    here, asked = context(), body(Saying)
    text = clean(asked.text)
    said = here.store.say(visitor, asked.chat, asked.id, text)
    if not said.repeated:
        here.metrics.messages.inc()
    if said.house:
        _answer(visitor, asked, said.house, talk.answer(said.house, said.count, text, here.store.who(visitor).language))
    return reply(Accepted(asked.id, said.number, said.repeated), HTTPStatus.ACCEPTED)


def _answer(visitor: str, asked: Saying, house: str, text: str) -> None:
    """Have the house cat answer; its message's id follows from the visitor's, so that a repeat adds none."""
    own = hashlib.blake2b(f"{house}/{asked.id}".encode(), digest_size=16).hexdigest()
    # Another visitor may have come along in between: then the cat has stepped aside.
    with suppress(NotInChat):
        context().store.answer(visitor, asked.chat, own, text)


@routes.serves(
    Operation(
        "POST",
        "/api/visitors/<visitor>/typing",
        "Tell the other one that something is being typed.",
        media=None,
        status=204,
        body=(Typed,),
        problems=(400, 404, 409, 413, 503),
    )
)
def typing(visitor: str) -> Response:
    context().store.typing(visitor, body(Typed).chat)
    return _done()


@routes.serves(
    Operation(
        "GET",
        "/api/visitors/<visitor>/events",
        "What happens, as server-sent events: those after the last one seen, then each as it comes.",
        media="text/event-stream",
        query=EventsQuery,
        headers={"Last-Event-ID": Number},
        events=sse.EVENTS,
        problems=(400, 404, 429, 503),
    )
)
def events(visitor: str) -> Response:
    query = msgspec.convert(request.args.to_dict(), EventsQuery, strict=False)
    last = msgspec.convert(request.headers.get("Last-Event-ID") or "0", Number, strict=False)
    if request.method == "HEAD":
        context().store.who(visitor)
        return EventStream()
    return EventStream(context().streams.open(visitor, query.page, max(query.after, last), _hello))


def _hello(stream: Stream) -> bytes:
    here = context()
    who, pod = here.store.who(stream.visitor), here.identity.drawn_by
    stream.language = who.language
    hello = sse.Hello(
        pod.pod, pod.node, pod.version, pod.colour, here.store.kind, who.state, who.chat, int(time.time() * 1000)
    )
    return sse.RETRY + sse.event("hello", hello)


def _done() -> Response:
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
