"""Settings: what is taken, and the one line said about what is not."""

from __future__ import annotations

import pytest

from frontend.config import ConfigError, Target, load


def test_defaults() -> None:
    config = load({})
    assert config.target == Target("k8-chatroulette-back", 3000)
    assert (config.port, config.listen) == (8080, "0.0.0.0:8080")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        pytest.param("http://cats:3000", Target("cats", 3000), id="name and port"),
        pytest.param("http://cats.zoo.svc/", Target("cats.zoo.svc", 80), id="port 80 by default"),
        pytest.param("http://[::1]:3000", Target("::1", 3000), id="IPv6"),
    ],
)
def test_backend_url(url: str, target: Target) -> None:
    assert load({"BACKEND_URL": url}).target == target


def test_ipv6_is_bracketed_again() -> None:
    assert Target("::1", 3000).url == "http://[::1]:3000"


URL = "an http address without a path, such as http://k8-chatroulette-back:3000"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        pytest.param("BACKEND_URL", "cats:3000", URL, id="no scheme"),
        pytest.param("BACKEND_URL", "https://cats", URL, id="https"),
        pytest.param("BACKEND_URL", "http://cats/api", URL, id="a path"),
        pytest.param("BACKEND_URL", "http://u:p@cats", URL, id="credentials"),
        pytest.param("BACKEND_URL", "http://cats:99999", URL, id="no such port"),
        pytest.param("BACKEND_URL", "http://", URL, id="no host"),
        pytest.param("PORT", "0", "a port from 1 to 65535", id="port 0"),
        pytest.param("PORT", "http", "a port from 1 to 65535", id="a word for a port"),
        pytest.param("LOG_LEVEL", "loud", "one of debug, info, warning and error", id="level"),
        pytest.param("BACKEND_READ_SECONDS", "0", "a number of seconds from 0.05 to 60", id="no time at all"),
        pytest.param("COLOUR", "red", "a colour such as #c8553d", id="colour"),
        pytest.param("FAULTS", "yes", "on or off", id="faults"),
        pytest.param("MAX_STREAMS", "0", "a number of event streams from 1 to 3000", id="no streams"),
        pytest.param("BIND", "all", "an IP address to listen on, such as 0.0.0.0", id="bind"),
        pytest.param(
            "DRAIN_SECONDS",
            "29",
            "a number of seconds, 0 or more, at least 3 less than GRACE_SECONDS",
            id="a drain longer than the grace",
        ),
    ],
)
def test_a_wrong_value_is_named_in_one_line(name: str, value: str, rule: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({name: value})
    assert str(caught.value) == f"{name}={value!r} cannot be used: it should be {rule}"


def test_a_version_has_its_colour() -> None:
    """The very colour that the backend shows for this version."""
    assert load({"VERSION": "0.0.0+local"}).tint == "#ab2b7d"
    assert load({"VERSION": "0.0.0+local", "COLOUR": "#123456"}).tint == "#123456"


def test_empty_is_absent() -> None:
    assert load({"BACKEND_URL": "", "PORT": ""}) == load({})
