"""Validation of request bodies: size, ids, text."""

import re
import unicodedata
from typing import Annotated, TypeVar

import msgspec
from flask import request
from msgspec import Meta

from service_runtime.responses import BadInput, require_json

MAX_BYTES = 8192
"""Of a body: room for the longest text as JSON escapes it, twelve bytes for an emoji."""
MAX_CHARACTERS = 500

TOKEN = re.compile(r"[0-9a-f]{32}")

Id = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)", description="made by the client; the same again is a repeat")
]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        description=f"1 to {MAX_CHARACTERS} characters in NFC, blank ends not counted; "
        "of control characters only line ends",
    ),
]

T = TypeVar("T")


def body(struct: type[T]) -> T:
    """Return the current request's JSON body. Raises BadInput; one that is too large is 413, another type 415."""
    require_json()
    request.max_content_length = MAX_BYTES
    data = request.get_data(cache=False)
    try:
        return msgspec.json.decode(data, type=struct)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body cannot be used: {error}") from None


def normalize(text: str) -> str:
    """Return the text in NFC and trimmed. Raises BadInput where it is empty, too long, or has control characters."""
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise BadInput("There is nothing in this text.")
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"The text has {len(text)} characters; {MAX_CHARACTERS} are the most.")
    if not any(_is_visible(character) for character in text):
        raise BadInput("There is nothing to be seen in this text.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character != "\n"):
        raise BadInput("The text has control characters other than line ends.")
    return text


def _is_visible(character: str) -> bool:
    """Return False for spaces, format characters and Hangul's fillers."""
    return unicodedata.category(character)[0] not in "ZC" and character not in "\u115f\u1160\u3164\uffa0"
