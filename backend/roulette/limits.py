"""What a request may carry: its size, its ids, its text."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, TypeVar

import msgspec
from flask import request
from msgspec import Meta

from service_runtime.responses import BadInput

MOST_BYTES = 8192
"""A larger body is answered 413: room for the longest text as JSON escapes it, twelve bytes for an emoji."""
MOST_CHARACTERS = 500

VISITOR = re.compile(r"[0-9a-f]{32}")
"""What a visitor's token looks like."""

Id = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)", description="made by the client; the same again is a repeat")
]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        description=f"1 to {MOST_CHARACTERS} characters in NFC, blank ends not counted; "
        "of control characters only line ends",
    ),
]

T = TypeVar("T")


def body(kind: type[T]) -> T:
    """Return the current request's JSON body; raise BadInput, or what Flask answers as 413."""
    request.max_content_length = MOST_BYTES
    raw = request.get_data(cache=False)
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body cannot be used: {error}") from None


def clean(text: str) -> str:
    """Return the text in NFC and trimmed; raise BadInput when nothing or too much is left, or it has controls."""
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise BadInput("There is nothing in this text.")
    if len(text) > MOST_CHARACTERS:
        raise BadInput(f"The text has {len(text)} characters; {MOST_CHARACTERS} are the most.")
    if not any(_is_seen(character) for character in text):
        raise BadInput("There is nothing to be seen in this text.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character != "\n"):
        raise BadInput("The text has control characters other than line ends.")
    return text


def _is_seen(character: str) -> bool:
    """Tell whether a character draws something: no space, no format character, none of Hangul's fillers."""
    return unicodedata.category(character)[0] not in "ZC" and character not in "\u115f\u1160\u3164\uffa0"
