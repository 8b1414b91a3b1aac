"""Progress and errors in the reader's language: English where they arise, translated where they are shown."""

import re
from functools import cache

from lab.experiments.texts import Language, Text, load

_LISTS = ("; ", ", ")


def translated(message: str, language: Language) -> str:
    """Return a message in the language: fields and lists part by part; an unknown one stays as it is."""
    if language == "en" or not message:
        return message
    for pattern, text in _sentences():
        if match := pattern.fullmatch(message):
            return text.of(language).format(
                **{key: translated(part, language) for key, part in match.groupdict().items()}
            )
    for separator in _LISTS:
        if separator in message:
            return separator.join(translated(part, language) for part in message.split(separator))
    return re.sub(r"(?<=\d)\.(?=\d+ s\b)", ",", message)


@cache
def _sentences() -> list[tuple[re.Pattern[str], Text]]:
    """Return each sentence as a pattern of its English; a field is whatever stands there."""
    texts = load("messages")
    return [(re.compile(_pattern(texts[name].en), re.DOTALL), texts[name]) for name in texts]


def _pattern(english: str) -> str:
    parts = re.split(r"\{(\w+)\}", english)
    return "".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
