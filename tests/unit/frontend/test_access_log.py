"""The frontend's line for each request."""

import json

import requests

from ...service_process import wait_until  # noqa: TID252 - tests are no package


def test_a_line_says_from_where_and_by_which_name_a_request_came(run_frontend, fake):
    frontend = run_frontend(fake.url)
    headers = {"Host": "k8-chatroulette-front:8080", "X-Forwarded-For": "192.0.2.1"}
    requests.get(f"{frontend.url}/version", headers=headers, timeout=10)

    def logged():
        lines = [json.loads(line) for line in frontend.log.read_text().splitlines()]
        return [line for line in lines if line.get("path") == "/version"]

    wait_until(logged)
    (line,) = logged()
    assert (line["client"], line["host"]) == ("127.0.0.1", "k8-chatroulette-front:8080")
