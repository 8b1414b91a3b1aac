import json

import pytest
from flask import abort

from backend import create_app


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        pytest.param("GET", "/nowhere", 404, "not found", id="404"),
        pytest.param("POST", "/version", 405, "not allowed", id="405"),
        pytest.param("GET", "/teapot", 418, "", id="any-other-refusal"),
        pytest.param("GET", "/api/cats?count=0", 400, "`$.count`", id="too-few"),
        pytest.param("GET", "/api/cats?count=97", 400, "`$.count`", id="too-many"),
        pytest.param("GET", "/api/cats?count=x", 400, "`$.count`", id="not-a-number"),
        pytest.param("GET", "/api/cats?colour=x", 400, "`colour`", id="unknown-parameter"),
        pytest.param("GET", "/api/cats?wall=a/b", 400, "`$.wall`", id="wall"),
        pytest.param("GET", "/cats/a.b.svg", 400, "'a.b'", id="seed"),
        pytest.param("GET", "/cats/a%0A.svg", 400, "seed", id="seed-with-newline"),
        pytest.param("GET", f"/cats/{'a' * 65}.svg", 400, "64 at most", id="long-seed"),
        pytest.param("GET", "/cats/a.svg?mood=angry", 400, "`$.mood`", id="mood"),
    ],
)
def test_errors_are_problems(app, method, path, status, detail):
    app.add_url_rule("/teapot", view_func=lambda: abort(418))
    answer = app.test_client().open(path, method=method, headers={"X-Request-Id": "r1"})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    problem = json.loads(answer.data)
    assert (problem["status"], problem["request_id"]) == (status, "r1")
    assert detail in problem["detail"]
    assert ("GET" in answer.headers.get("Allow", "")) is (status == 405)


def test_a_crash_is_a_problem_that_gives_nothing_away(capsys, settings):
    app = create_app(settings)
    app.add_url_rule("/crash", view_func=lambda: {}["secret"])
    answer = app.test_client().get("/crash", headers={"X-Request-Id": "r1"})
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "secret" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["request_id"] for line in lines] == ["r1", "r1"]
    assert "KeyError: 'secret'" in lines[0]["error"]
