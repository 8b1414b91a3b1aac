"""Expressions over a lesson's state."""

import pytest
from jmespath.exceptions import JMESPathError

from lab.lessons import template


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("length(nothing)", id="length"),
        pytest.param("contains(nothing, 'a')", id="contains-in-nothing"),
        pytest.param("contains(body, nothing)", id="contains-nothing"),
    ],
)
def test_an_expression_about_what_is_not_there_has_no_value(expression):
    state = {"body": "a page"}
    assert template.evaluate(expression, state) is None
    assert template.fill(f"seen: {{{expression}}}", state) == "seen: -"


def test_an_unknown_function_is_an_error():
    with pytest.raises(JMESPathError):
        template.evaluate("size(body)", {"body": ""})
