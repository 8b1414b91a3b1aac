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

CONTROL = r"\u0000-\u0009\u000B-\u001F\u007F-\u009F"
"""Control characters other than line ends, as in a regular expression of Python or ECMA-262."""
BLANK = (
    r"\u000A\u0020\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\u2800"
    r"\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF"
    r"\uFFA0\uFFF0-\uFFFB" + "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Line ends, spaces, and what is not drawn: https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt,
Default_Ignorable_Code_Point."""
VISIBLE = re.compile(f"[^{CONTROL}{BLANK}]")

TOKEN = re.compile(r"[0-9a-f]{32}")

Id = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)", description="made by the client; the same again is a repeat")
]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        description=f"at least one character that is drawn, at most {MAX_CHARACTERS}, in NFC without blank ends where "
        "these are fewer; of control characters only line ends",
        extra_json_schema={
            "maxLength": MAX_CHARACTERS,
            "pattern": f"^[^{CONTROL}]*{VISIBLE.pattern}[^{CONTROL}]*$",
        },
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


def normalize(sent: str) -> str:
    """Return the text in NFC and trimmed. Raises BadInput where it is empty, too long, or has control characters.

    NFC makes some texts longer: what was short enough as it was sent is so.
    """
    text = unicodedata.normalize("NFC", sent).strip()
    if not text:
        raise BadInput("There is nothing in this text.")
    characters = min(len(sent), len(text))
    if characters > MAX_CHARACTERS:
        raise BadInput(f"The text has {characters} characters; {MAX_CHARACTERS} are the most.")
    if re.search(f"[{CONTROL}]", sent):
        raise BadInput("The text has control characters other than line ends.")
    if not VISIBLE.search(text):
        raise BadInput("There is nothing to be seen in this text.")
    return text
