import json
import re

import pytest

METHODS = {"GET", "POST", "DELETE"}


@pytest.fixture
def contract(client):
    return client.get("/openapi.json").json


def test_it_describes_every_endpoint_and_no_other(app, contract):
    served = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods & METHODS
    }
    described = {(path, method.upper()) for path, methods in contract["paths"].items() for method in methods}
    assert described == served


def test_every_reference_leads_somewhere(contract):
    for target in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(contract)):
        node = contract
        for step in target.split("/"):
            node = node[step]
        assert node


def test_it_says_what_validates(contract):
    parameters = {p["name"]: p["schema"] for p in contract["paths"]["/api/cats"]["get"]["parameters"]}
    assert (parameters["count"]["minimum"], parameters["count"]["maximum"]) == (1, 96)
    assert contract["openapi"].startswith("3.1")
    assert contract["info"]["version"] == "1.2.3"
