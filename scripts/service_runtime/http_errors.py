"""Requests that never reach the application: what they are answered."""

from __future__ import annotations

import html
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import gevent
from gunicorn.http import errors

from service_runtime.responses import Problem, encode

TOO_SLOW, BODY_TOO_LARGE, HEAD_TOO_LARGE, TOO_MANY = 408, 413, 431, 503
DETAILS = {
    TOO_SLOW: "The request did not come in time.",
    BODY_TOO_LARGE: "The body has more than 65536 bytes.",
    414: "The address of the request is too long.",
    HEAD_TOO_LARGE: "The request's headers are too large: mostly that is cookies, which a browser shares among all "
    "programs of one host. Clear this site's cookies in the browser's settings (for localhost, those of every port), "
    "and load the page again. En français : effacez les cookies de ce site, puis rechargez la page.",
    TOO_MANY: "This Pod has as many connections as it can hold; try again.",
}
STATUSES: dict[type[Exception], int] = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: HEAD_TOO_LARGE,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
}
"""Of gunicorn's errors; any other one of a request that cannot be parsed is 400."""
MOST_OF_DETAIL = 200
LINGER_SECONDS, MOST_READS = 1.0, 64
PAGE = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p></html>\n'


class Refused(Exception):
    """The request is answered with this status, or not at all where it is `silent`, and its connection closed."""

    def __init__(self, status: int, *, silent: bool = False) -> None:
        super().__init__(DETAILS[status])
        self.status, self.silent = status, silent


def status_of(error: BaseException) -> int:
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, errors.ParseException):
        return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 400)
    return 500


def payload(status: int, detail: str, request_id: str, *, as_page: bool) -> bytes:
    """Return a whole HTTP response: a problem for programs, the same words as a page where a browser navigates."""
    phrase, detail = HTTPStatus(status).phrase, DETAILS.get(status) or detail[:MOST_OF_DETAIL]
    if as_page:
        kind, body = "text/html; charset=utf-8", PAGE.format(phrase, html.escape(detail)).encode()
    else:
        kind, body = "application/problem+json", encode(Problem(status, phrase, detail, request_id))
    headers = {
        "Connection": "close",
        "Content-Type": kind,
        "Content-Length": len(body),
        "Content-Security-Policy": "default-src 'none'",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
    }
    if status == TOO_MANY:
        headers["Retry-After"] = 2
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def send_last(sock: Any, data: bytes) -> None:
    """Send an answer, and give the other side a moment to take it: closing with unread data resets the connection."""
    with suppress(OSError), gevent.Timeout(LINGER_SECONDS, False):  # noqa: FBT003 - gevent's way to say "silently"
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        for _ in range(MOST_READS):
            if not sock.recv(65_536):
                break
