"""Which names are answered, and who may change something."""

import msgspec
import pytest

from backend import create_app
from service_runtime.allowed_hosts import AllowedHosts, cluster_suffixes, names_of_the_services, names_of_this_host

RESOLV_CONF = "nameserver 10.96.0.10\nsearch lab-1.svc.cats.local svc.cats.local cats.local corp.example\n"
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST.:3000", True),
        ("cats.localhost:8080", True),
        ("127.0.0.1:30030", True),
        ("192.168.1.7", True),
        ("[::1]:3000", True),
        ("[fd00::7]", True),
        ("k8-chatroulette-back:3000", True),
        ("k8-chatroulette-back.default", True),
        ("k8-chatroulette-back.lab-1.svc", True),
        ("k8-chatroulette-back.lab-1.svc.cats.local.", True),
        ("10-244-0-7.lab-1.pod.cluster.local", True),
        ("k8-chatroulette-back.lab-1", True),
        ("host.docker.internal:8080", True),
        ("cats.example.org", True),
        ("deep.lab.example.org", True),
        ("lab.example.org", False),
        ("evil.example", False),
        ("evil.dev", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("svc.cluster.local.evil.example", False),
        ("x.corp.example", False),
        ("evil.example:3000:80", False),
        ("localhost evil", False),
        ("[::1", False),
        ("", False),
        (":3000", False),
        (".", False),
        ("l\u00f6calhost", False),
        ("localhost\n", False),
    ],
)
def test_names_that_nobody_can_register_are_answered(host, allowed):
    hosts = AllowedHosts(["cats.example.org", " *.lab.example.org"], cluster_suffixes(RESOLV_CONF))
    assert hosts.allow(host) is allowed
    assert hosts.allow(host) is allowed, "and the second time"


def test_a_namespace_that_could_be_a_top_level_domain_is_none():
    assert ".dev" not in cluster_suffixes("search dev.svc.cluster.local svc.cluster.local cluster.local")
    assert names_of_the_services("search dev.svc.cluster.local svc.cluster.local\n")[0] == "k8-chatroulette-back.dev"
    assert cluster_suffixes("search corp.example\n") == names_of_the_services("search corp.example\n") == []


def test_a_pods_aliases_are_its_names():
    assert names_of_this_host("127.0.0.1 localhost\n10.0.0.7 back\n127.0.0.1 cats.zoo.org # hostAliases") == [
        "localhost",
        "cats.zoo.org",
    ]


def test_a_star_is_every_name():
    assert AllowedHosts(["*"]).allow("evil.example")


def test_another_name_is_refused_and_how_to_add_it_is_said(client):
    answer = client.get("/api/house", headers={"Host": "evil.example:3000", "Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.mimetype) == (421, PROBLEM)
    assert "ALLOWED_HOSTS=evil.example in" in answer.json["detail"]
    assert client.get("/livez", headers={"Host": "evil.example"}).status_code == 200, "a probe may carry any name"


def test_a_name_is_added_by_its_setting(settings):
    client = create_app(msgspec.structs.replace(settings, allowed_hosts="cats.example.org")).test_client()
    assert client.get("/version", headers={"Host": "cats.example.org:8080"}).status_code == 200


CHANGES = [
    ({}, 201),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:30080"}, 201),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8001", "Host": "172.18.0.2:6443"}, 201),
    ({"Sec-Fetch-Site": "none"}, 201),
    ({"Origin": "http://192.168.1.7:30080", "Host": "192.168.1.7:30080"}, 201),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cats"}, 403),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://localhost:9999"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://["}, 403),
    ({"Sec-Fetch-Site": "same-origin", "Host": "evil.example"}, 421),
    ({"Content-Type": "text/plain"}, 415),
    ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
]


@pytest.mark.parametrize(("headers", "status"), CHANGES)
def test_only_its_own_page_and_programs_change_something(client, headers, status):
    headers = {"Content-Type": "application/json"} | headers
    answer = client.post("/api/visitors", data=b'{"language":"en"}', headers=headers)
    assert answer.status_code == status
    assert status == 201 or answer.mimetype == PROBLEM
