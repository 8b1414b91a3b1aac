"""Gzip for texts and drawings, a third of the bytes; event streams pass as they are."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask import Request, Response

TYPES = ("text/html", "text/css", "text/javascript", "application/json", "image/svg+xml")
MIN_BYTES = 512
GZIP_WBITS = 31


def compress(request: Request, response: Response) -> Response:
    """Compress the response when its type gains from it and the client accepts gzip."""
    if response.mimetype not in TYPES:
        return response
    response.vary.add("Accept-Encoding")
    is_plain = response.status_code == HTTPStatus.OK and not response.headers.get("Content-Encoding")
    if not is_plain or request.method == "HEAD" or not request.accept_encodings["gzip"]:
        return response
    if response.content_length is not None and response.content_length < MIN_BYTES:
        return response
    response.headers.pop("Content-Length", None)
    response.headers["Content-Encoding"] = "gzip"
    tag, is_weak = response.get_etag()
    if tag and not is_weak:
        response.set_etag(tag, weak=True)  # it now stands for other bytes (RFC 9110 8.8.1)
    response.response = gzip_chunks(response.iter_encoded())
    return response


def gzip_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(6, zlib.DEFLATED, GZIP_WBITS)
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()
