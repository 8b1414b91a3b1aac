"""GET /openapi.json: what it says is what is served."""

import json
import math
import re

import msgspec
import pytest

from backend import create_app
from backend.openapi import Endpoints, NameConflictError, document

METHODS = {"GET", "POST", "DELETE"}
VISITOR = "/api/visitors/{visitor}"


@pytest.fixture
def app(settings):
    """The application with everything switched on."""
    return create_app(msgspec.structs.replace(settings, faults="on", alone_seconds=0))


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


def test_two_structs_of_one_name_are_refused_by_their_full_names():
    same_name = msgspec.defstruct("House", [("rooms", int)], module="elsewhere")
    routes = Endpoints("elsewhere")
    routes.serves("GET", "/a", "One.", msgspec.defstruct("House", [], module="here"))(lambda: None)
    routes.serves("GET", "/b", "Another.", list[same_name])(lambda: None)
    with pytest.raises(NameConflictError, match=r"elsewhere\.House and here\.House$"):
        document("cats", "1", (routes,))


def valid(contract, schema, value):
    """Tell whether the value is what the schema says, as far as the contract's schemas go, and has nothing else."""
    if "$ref" in schema:
        return valid(contract, contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value)
    if "anyOf" in schema:
        return any(valid(contract, alternative, value) for alternative in schema["anyOf"])
    if not isinstance(value, TYPES[schema["type"]] if "type" in schema else object):
        return False
    fits = value in schema.get("enum", [value]) and re.search(schema.get("pattern", ""), str(value))
    fits = fits and len(str(value)) <= schema.get("maxLength", math.inf)
    if isinstance(value, list):
        return fits and all(valid(contract, schema.get("items", {}), item) for item in value)
    fields = schema.get("properties", {})
    other = schema.get("additionalProperties", {"enum": []} if fields else {})
    inner = value.items() if isinstance(value, dict) else ()
    known = all(valid(contract, fields.get(name, other), item) for name, item in inner)
    return fits and known and {*schema.get("required", [])} <= {name for name, _ in inner}


TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/version", None, 200),
        ("get", "/readyz", None, 200),
        ("get", "/whoami", None, 200),
        ("get", "/api/cats", None, 200),
        ("get", "/api/house", None, 200),
        ("get", "/faults", None, 200),
        ("post", "/faults/{name}", {}, 202),
        ("post", "/api/visitors", {"language": "en"}, 201),
        ("post", "/api/visitors", {"language": "de"}, 400),
        ("get", VISITOR, None, 200),
        ("post", f"{VISITOR}/chat", {"id": "a"}, 202),
        ("post", f"{VISITOR}/messages", {"id": "a", "chat": "{chat}", "text": "hello"}, 202),
        ("post", f"{VISITOR}/messages", {"id": "a", "chat": "other", "text": "hello"}, 409),
        ("post", f"{VISITOR}/typing", {"chat": "{chat}"}, 204),
        ("delete", f"{VISITOR}/chat", None, 204),
        ("delete", VISITOR, None, 204),
    ],
)
def test_requests_and_answers_are_as_it_says(app, method, path, body, status):
    client = app.test_client()
    contract = client.get("/openapi.json").json
    visitor = client.post("/api/visitors", json={"language": "fr"}).json["visitor"]
    client.post(f"/api/visitors/{visitor}/chat", json={"id": "first"})
    app.extensions["context"].background.tick()
    chat = client.get(f"/api/visitors/{visitor}").json["chat"]
    body = body and {name: value.format(chat=chat) for name, value in body.items()}
    answer = client.open(path.format(visitor=visitor, name="latency"), method=method, json=body)
    described = contract["paths"][path][method]
    assert answer.status_code == status
    content = resolved(contract, described["responses"][str(status)]).get("content")
    if content is None:
        assert answer.data == b""
    else:
        assert valid(contract, content[answer.content_type]["schema"], answer.json)
        assert not valid(contract, content[answer.content_type]["schema"], {})
    if body is not None and status != 400:
        assert valid(contract, described["requestBody"]["content"]["application/json"]["schema"], body)


def resolved(contract, response):
    return contract["components"]["responses"][response["$ref"].rsplit("/", 1)[1]] if "$ref" in response else response


def test_events_are_as_it_says(app, client, contract):
    described = contract["paths"][f"{VISITOR}/events"]["get"]
    answer = described["responses"]["200"]
    assert list(answer["content"]) == ["text/event-stream"]
    assert {parameter["in"] for parameter in described["parameters"]} == {"path", "header", "query"}
    visitor = client.post("/api/visitors", json={"language": "fr"}).json["visitor"]
    stream = client.get(f"/api/visitors/{visitor}/events")
    chunks = iter(stream.response)
    raw = next(chunks)
    client.post(f"/api/visitors/{visitor}/chat", json={"id": "first"})
    app.extensions["context"].streams.turn()
    raw += next(chunks)
    stream.close()
    events = re.findall(rb"event: (\w+)\ndata: (.+)\n", raw)
    assert [name for name, _ in events] == [b"hello", b"waiting", b"beat"]
    for name, data in events:
        assert valid(contract, answer["x-events"][name.decode()], json.loads(data))
    assert not valid(contract, answer["x-events"]["hello"], {"pod": "back"})


@pytest.mark.parametrize(
    "text",
    [
        *(
            "hello",
            " a\nb ",
            "\n",
            "",
            "   ",
            "a\tb",
            "a\t",
            "\r\na",
            "a\x00",
            "a\x7f",
            "a\x9bb",
            "\x85a",
            "\u200b\u3164",
        ),
        *("\ufe0f", "\u2800", "\U000e0100", "\U000f0000", "\u0378", "\u0301", "🐈‍⬛\u2028<b>", "\u202ea"),
        *("x" * 500, "x" * 501, "x" * 499 + "\n", "\u0958" * 500, "\U0001d160" * 500),
    ],
)
def test_a_text_is_accepted_where_it_says_so_and_nowhere_else(app, contract, text):
    client = app.test_client()
    visit = "/api/visitors/" + client.post("/api/visitors", json={"language": "fr"}).json["visitor"]
    body = {"id": "a", "chat": "none", "text": text}
    wanted = 409 if valid(contract, contract["components"]["schemas"]["Saying"], body) else 400
    assert client.post(f"{visit}/messages", json=body).status_code == wanted


def test_what_any_request_may_be_answered_is_said_of_every_operation(contract):
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            wanted = {"400", "408", "413", "414", "421", "431", "500", "503"}
            wanted |= {"403"} if method != "get" else set()
            wanted |= {"415"} if "requestBody" in operation else set()
            assert wanted <= set(operation["responses"]), (method, path)


@pytest.mark.parametrize("status", ["429", "503"])
def test_what_may_be_tried_later_says_when(contract, status):
    refusal = contract["paths"][f"{VISITOR}/events"]["get"]["responses"][status]
    assert "Retry-After" in resolved(contract, refusal)["headers"]


def test_it_says_what_validates(contract):
    parameters = {p["name"]: p["schema"] for p in contract["paths"]["/api/cats"]["get"]["parameters"]}
    assert (parameters["count"]["minimum"], parameters["count"]["maximum"]) == (1, 96)
    assert contract["openapi"].startswith("3.1")
    assert contract["info"]["version"] == "1.2.3"
