"""Texts with ``{…}``, JMESPath over the state of a lesson. Pure."""

import re
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathTypeError

_FIELD = re.compile(r"\{((?:[^{}]|\{[^{}]*\})+)\}")


def expressions(text: str) -> list[str]:
    return _FIELD.findall(text)


def evaluate(expression: str, state: dict[str, Any]) -> Any:
    """Evaluate an expression; None for one about what is not there, such as the length of nothing."""
    try:
        return jmespath.search(expression, state)
    except (JMESPathTypeError, TypeError):  # contains() of a string and nothing is Python's own TypeError
        return None


def fill(text: str, state: dict[str, Any]) -> str:
    """Fill each expression in: a list or a mapping joined by commas, nothing as a hyphen."""
    return _FIELD.sub(lambda match: _show(evaluate(match[1], state)), text)


def fill_all(text: str, state: dict[str, Any]) -> str | None:
    """Fill each expression in; None where one has no value, so that the whole has no sense."""
    values = [evaluate(expression, state) for expression in expressions(text)]
    return fill(text, state) if all(value not in (None, "") for value in values) else None


def _show(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_show, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key}={_show(each)}" for key, each in value.items()) or "-"
    return "-" if value in (None, "") else str(value)
