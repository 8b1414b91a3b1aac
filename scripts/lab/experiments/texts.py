"""What people read of the experiments, English and French side by side: loaded by id from ``text/*.yaml`` and checked.

A text is a mapping of exactly ``en`` and ``fr``; a plain string, such as the address of a source, is the same in both.
"""

import re
import string
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
FOLDER = Path(__file__).with_name("text")


class Text(msgspec.Struct, frozen=True):
    """One text in both languages.

    The French gets the no-break spaces that its typography asks for: a narrow one before ; ! and ?, a whole one before
    a colon and inside guillemets.
    """

    en: str
    fr: str

    def __post_init__(self) -> None:
        narrow = re.sub(r" (?=[;!?](\s|$))", "\u202f", self.fr)
        msgspec.structs.force_setattr(self, "fr", re.sub(r" (?=(:|»)(\s|$|[.,]))|(?<=«) ", "\u00a0", narrow))

    def of(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en

    def format(self, **values: object) -> "Text":
        """Fill the fields in as `str.format` does: a Text in its language, a float with a comma in French."""
        return Text(*(_Formatter(language).format(self.of(language), **values) for language in LANGUAGES))


def join(*sentences: Text | None, by: str = " ") -> Text:
    """Join the sentences that are not None."""
    texts = [sentence for sentence in sentences if sentence]
    return Text(*(by.join(text.of(language) for text in texts) for language in LANGUAGES))


def same(text: str) -> Text:
    """Return a text that is the same in both languages, such as a name or a code."""
    return Text(text, text)


class Texts:
    """The texts of one file, or of one section of it, by id."""

    def __init__(self, name: str, content: dict[str, Any]) -> None:
        self.name, self._content = name, content

    def __getitem__(self, key: str) -> Text:
        """Return a text; raises KeyError with the file's name."""
        value = self._value(key)
        return same(value) if isinstance(value, str) else Text(**value)

    def section(self, key: str, ids: Iterable[str] | None = None) -> "Texts":
        """Return a section; raises KeyError where ``ids`` are given and are not exactly its ids."""
        section = Texts(f"{self.name}: {key}", self._value(key))
        if ids is not None and (differ := set(ids) ^ set(section)):
            raise KeyError(f"{section.name} and the code differ in {', '.join(sorted(differ))}")
        return section

    def get(self, key: str) -> Text | None:
        return self[key] if key in self._content else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def _value(self, key: str) -> Any:
        if key not in self._content:
            raise KeyError(f"{self.name} has no {key!r}")
        return self._content[key]


@cache
def load(name: str) -> Texts:
    """Read ``text/<name>.yaml``; raises ValueError where a text lacks a language or has another key beside them."""
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    _check(f"text/{name}.yaml", content)
    return Texts(f"text/{name}.yaml", content)


def _check(place: str, content: object) -> None:
    if isinstance(content, str):
        return
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{place}: neither a text nor a section, but {content!r}")
    if set(content) & set(LANGUAGES):
        if set(content) != set(LANGUAGES) or not all(isinstance(text, str) and text for text in content.values()):
            raise ValueError(f"{place}: a text has en and fr, and nothing else")
        return
    for key, value in content.items():
        _check(f"{place}: {key}", value)


class _Formatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Text):
            return value.of(self._language)
        text = format(value, format_spec)
        is_decimal = isinstance(value, float) or format_spec.endswith("f")
        return text.replace(".", ",") if self._language == "fr" and is_decimal else text
