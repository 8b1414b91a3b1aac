"""The roulette over HTTP: a visit, its chats, its messages, its events."""

import hashlib
import os
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import msgspec
from flask import Response, g, request
from msgspec import Meta

from backend.cats.cards import CatCard, card
from backend.cats.traits import cat_of
from backend.context import context
from backend.openapi import Endpoints
from backend.replicas.errors import Full, Unavailable
from backend.roulette import bot_replies, sse, store
from backend.roulette.event_response import EventResponse
from backend.roulette.store import NotInChat, TooMany, UnknownVisitor
from backend.roulette.streams import Stream
from backend.roulette.validation import TOKEN, Id, Text, body, normalize
from service_runtime.responses import problem, reply

RETRY_SECONDS = 2
"""Retry-After while Redis is unavailable."""

Number = Annotated[int, Meta(ge=0, le=2**53, description="the number of the last event seen")]

Token = Annotated[str, Meta(pattern=f"^{TOKEN.pattern}$", description="the visitor's token: keep it secret")]

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


class Leaving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page, as its stream was opened with."""

    page: Id


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to resume; the header Last-Event-ID says the same, the larger counts.

    `page` is made by the client, one for each page or program: another page of the visitor replaces this stream.
    """

    after: Number = 0
    page: Id | None = None


@routes.before_request
def _check_token() -> None:
    """Pass to the store only what can be a token: it becomes part of Redis keys."""
    token = (request.view_args or {}).get("visitor")
    if token and not TOKEN.fullmatch(token):
        raise UnknownVisitor


@routes.app_errorhandler(UnknownVisitor)
def _unknown_visitor(_error: UnknownVisitor) -> Response:
    return problem(HTTPStatus.NOT_FOUND, "There is no such visitor, or no more: begin a new visit.", "unknown-visitor")


@routes.app_errorhandler(NotInChat)
def _not_in_chat(_error: NotInChat) -> Response:
    return problem(HTTPStatus.CONFLICT, "You are not, or no longer, in that chat.", "not-in-chat")


@routes.app_errorhandler(TooMany)
def _too_many(error: TooMany) -> Response:
    return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), "too-many", error.retry_after)


@routes.app_errorhandler(Unavailable)
def _unavailable(error: Unavailable) -> Response:
    kind = "redis-full" if isinstance(error, Full) else "redis-away"
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, f"Nothing was stored: {error}", kind, RETRY_SECONDS)


@routes.serves(
    "POST",
    "/api/visitors",
    "Begin a visit, with a cat of one's own.",
    Entered,
    status=201,
    body=(Entering,),
    problems=(429,),
)
def enter() -> Response:
    entering = body(Entering)
    visitor, seed = os.urandom(16).hex(), os.urandom(5).hex()
    _store().enter(visitor, seed, entering.language)
    return reply(Entered(visitor, card(cat_of(seed))), HTTPStatus.CREATED)


@routes.serves("GET", "/api/visitors/<visitor>", "How does the visit stand?", Visit, problems=(404,))
def visit(visitor: str) -> Response:
    status = _store().get(visitor)
    return reply(Visit(card(cat_of(status.cat)), status.state, status.chat))


@routes.serves("DELETE", "/api/visitors/<visitor>", "End the visit.", media=None, status=204, problems=(404,))
def end(visitor: str) -> Response:
    _store().quit(visitor)
    return _no_content()


@routes.serves(
    "POST",
    "/api/visitors/<visitor>/chat",
    "Be paired, or wait; leaves what there is. The same id again is a repeat.",
    Sought,
    status=202,
    body=(Seeking,),
    problems=(404, 429),
)
def seek(visitor: str) -> Response:
    return reply(Sought(_store().seek(visitor, body(Seeking).id)), HTTPStatus.ACCEPTED)


@routes.serves("DELETE", "/api/visitors/<visitor>/chat", "Leave.", media=None, status=204, problems=(404,))
def leave(visitor: str) -> Response:
    _store().leave(visitor)
    return _no_content()


@routes.serves(
    "POST",
    "/api/visitors/<visitor>/messages",
    "Say something. The same id again is a repeat.",
    Accepted,
    status=202,
    body=(Saying,),
    problems=(404, 409, 429),
)
def say(visitor: str) -> Response:
    message = body(Saying)
    text = normalize(message.text)
    receipt = _store().say(visitor, message.chat, message.id, text)
    if not receipt.repeated:
        context().metrics.messages.inc()
    if receipt.bot:
        bot_text = bot_replies.reply(receipt.bot, receipt.turn, text, _store().get(visitor).language)
        _bot_say(visitor, message, receipt.bot, bot_text)
    return reply(Accepted(message.id, receipt.number, receipt.repeated), HTTPStatus.ACCEPTED)


def _bot_say(visitor: str, message: Saying, bot: str, text: str) -> None:
    """Add the bot's reply; its id follows from the visitor's message, so that a repeated request adds none."""
    message_id = hashlib.blake2b(f"{bot}/{message.id}".encode(), digest_size=16).hexdigest()
    with suppress(NotInChat):  # another visitor has taken the bot's place meanwhile
        _store().bot_say(visitor, message.chat, message_id, text)


@routes.serves(
    "POST",
    "/api/visitors/<visitor>/typing",
    "Tell the other one that something is being typed.",
    media=None,
    status=204,
    body=(Typed,),
    problems=(404, 409),
)
def typing(visitor: str) -> Response:
    _store().typing(visitor, body(Typed).chat)
    return _no_content()


@routes.serves(
    "POST",
    "/api/visitors/<visitor>/away",
    "Tell that the page is being left, for good or to be loaded again: nobody is paired with it until its next stream.",
    media=None,
    status=204,
    body=(Leaving,),
    problems=(404,),
)
def away(visitor: str) -> Response:
    _store().away(visitor, body(Leaving).page)
    return _no_content()


@routes.serves(
    "GET",
    "/api/visitors/<visitor>/events",
    "What happens, as server-sent events: those after the last one seen, then each as it comes.",
    media="text/event-stream",
    query=EventsQuery,
    headers={"Last-Event-ID": Number},
    events=sse.EVENTS,
    problems=(404, 429),
)
def events(visitor: str) -> Response:
    query = msgspec.convert(request.args.to_dict(), EventsQuery, strict=False)
    last = msgspec.convert(request.headers.get("Last-Event-ID") or "0", Number, strict=False)
    if request.method == "HEAD":
        _store().get(visitor)
        return EventResponse()
    g.stream = context().streams.open(visitor, query.page, max(query.after, last), _hello)
    return EventResponse(g.stream)


@routes.teardown_request
def _close_unserved(error: BaseException | None) -> None:
    """Close a stream that the server will never ask for anything."""
    if error is not None and "stream" in g:
        g.stream.close()


def _hello(stream: Stream) -> bytes:
    app = context()
    visitor, settings = app.shared.store.get(stream.visitor), app.settings
    stream.language = visitor.language
    now = int(time.time() * 1000)
    hello = sse.Hello(
        settings.pod,
        settings.node_name,
        settings.version,
        app.identity.version.colour,
        app.shared.kind,
        visitor.state,
        visitor.chat,
        now,
    )
    return sse.RETRY + sse.event("hello", hello)


def _store() -> store.Store:
    return context().shared.store


def _no_content() -> Response:
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
