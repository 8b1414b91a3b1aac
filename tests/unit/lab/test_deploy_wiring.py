"""Services that lead nowhere are told from the files alone."""

import re
from typing import Any

import pytest

from lab.deploy import manifests, wiring


@pytest.fixture
def objects() -> list[Any]:
    return manifests.render("pods", {})


def service(objects: list[Any]) -> Any:
    return next(
        item for item in objects if item["metadata"]["name"] == "k8-chatroulette-back" and item["kind"] == "Service"
    )


def test_what_is_shipped_leads_somewhere(objects: list[Any]) -> None:
    assert wiring.notes(objects) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("selector", {"app": "back"}, r"back-service\.yaml, line \d+: .* selects app=back, which no Pod"),
        ("ports", [{"port": 3000, "targetPort": "web"}], r"back-service\.yaml, .*'web', which no container has .*http"),
    ],
)
def test_a_service_that_leads_nowhere_is_named(objects: list[Any], field: str, value: Any, message: str) -> None:
    service(objects)["spec"][field] = value
    (note,) = wiring.notes(objects)
    assert re.search(message, note), note
