import json
import re

import msgspec
import pytest

from backend import create_app

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


def valid(contract, schema, value):
    """Tell whether the value is what the schema says, as far as the contract's schemas go, and has nothing else."""
    if "$ref" in schema:
        return valid(contract, contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value)
    if "anyOf" in schema:
        return any(valid(contract, one, value) for one in schema["anyOf"])
    if not isinstance(value, KINDS[schema["type"]] if "type" in schema else object):
        return False
    fits = value in schema.get("enum", [value]) and re.search(schema.get("pattern", ""), str(value))
    if isinstance(value, list):
        return fits and all(valid(contract, schema.get("items", {}), item) for item in value)
    fields = schema.get("properties", {})
    other = schema.get("additionalProperties", {"enum": []} if fields else {})
    inner = value.items() if isinstance(value, dict) else ()
    known = all(valid(contract, fields.get(name, other), item) for name, item in inner)
    return fits and known and {*schema.get("required", [])} <= {name for name, _ in inner}


KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@pytest.fixture
def visit(client):
    return client.post("/api/visitors", json={"language": "fr"}).json["visitor"]


@pytest.fixture
def whole(settings, tmp_path):
    """The application with everything switched on."""
    return create_app(msgspec.structs.replace(settings, faults="on", state_dir=str(tmp_path), alone_seconds=0))


ME = "/api/visitors/{visitor}"
CALLS = [
    ("get", "/version", None, 200),
    ("get", "/readyz", None, 200),
    ("get", "/whoami", None, 200),
    ("get", "/api/cats", None, 200),
    ("get", "/api/house", None, 200),
    ("get", "/faults", None, 200),
    ("post", "/faults/{name}", {}, 202),
    ("post", "/api/visitors", {"language": "en"}, 201),
    ("post", "/api/visitors", {"language": "de"}, 400),
    ("get", ME, None, 200),
    ("post", f"{ME}/chat", {"id": "a"}, 202),
    ("post", f"{ME}/messages", {"id": "a", "chat": "{chat}", "text": "hello"}, 202),
    ("post", f"{ME}/messages", {"id": "a", "chat": "other", "text": "hello"}, 409),
    ("post", f"{ME}/typing", {"chat": "{chat}"}, 204),
    ("delete", f"{ME}/chat", None, 204),
    ("delete", ME, None, 204),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS)
def test_requests_and_answers_are_as_it_says(whole, method, path, body, status):
    client = whole.test_client()
    contract = client.get("/openapi.json").json
    me = client.post("/api/visitors", json={"language": "fr"}).json["visitor"]
    client.post(f"/api/visitors/{me}/chat", json={"id": "first"})
    whole.extensions["context"].background.tick()
    chat = client.get(f"/api/visitors/{me}").json["chat"]
    body = body and {name: value.format(chat=chat) for name, value in body.items()}
    answer = client.open(path.format(visitor=me, seed="a", name="latency"), method=method, json=body)
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


def test_events_are_as_it_says(app, client, contract, visit):
    described = contract["paths"][f"{ME}/events"]["get"]["responses"]["200"]["content"]
    assert list(described) == ["text/event-stream"]
    kinds = contract["paths"][f"{ME}/events"]["get"]["responses"]["200"]["x-events"]
    stream = client.get(f"/api/visitors/{visit}/events")
    chunks = iter(stream.response)
    raw = next(chunks)
    client.post(f"/api/visitors/{visit}/chat", json={"id": "first"})
    app.extensions["context"].streams.turn()
    raw += next(chunks)
    stream.close()
    events = re.findall(rb"event: (\w+)\ndata: (.+)\n", raw)
    assert [name for name, _ in events] == [b"hello", b"waiting", b"beat"]
    for name, data in events:
        assert valid(contract, kinds[name.decode()], json.loads(data))
    assert not valid(contract, kinds["hello"], {"pod": "back"})


@pytest.mark.parametrize("status", ["429", "503"])
def test_what_may_be_tried_later_says_when(contract, status):
    refusal = contract["paths"][f"{ME}/events"]["get"]["responses"][status]
    assert "Retry-After" in resolved(contract, refusal)["headers"]


def test_it_says_what_validates(contract):
    parameters = {p["name"]: p["schema"] for p in contract["paths"]["/api/cats"]["get"]["parameters"]}
    assert (parameters["count"]["minimum"], parameters["count"]["maximum"]) == (1, 96)
    assert contract["openapi"].startswith("3.1")
    assert contract["info"]["version"] == "1.2.3"
