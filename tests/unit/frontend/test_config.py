"""Settings of the frontend: what is accepted, and the one line that names what is not."""

import pytest

from frontend.config import Address, load
from service_runtime.environment import ConfigError


def test_defaults():
    settings = load({})
    assert settings.backend_address == Address("k8-chatroulette-back", 3000)
    assert settings.listen == "0.0.0.0:8080"
    assert load({"BACKEND_URL": "", "PORT": ""}) == settings, "an empty value counts as absent"


@pytest.mark.parametrize(
    ("url", "normalized", "headless"),
    [
        ("http://cats:3000", "http://cats:3000", "cats-pods"),
        ("http://cats.zoo.svc/", "http://cats.zoo.svc:80", "cats-pods.zoo.svc"),
    ],
)
def test_backend_url(url, normalized, headless):
    address = load({"BACKEND_URL": url}).backend_address
    assert (address.url, address.headless.host) == (normalized, headless)


def test_backend_url_of_ipv6():
    assert load({"BACKEND_URL": "http://[::1]:3000"}).backend_address == Address("::1", 3000)
    assert Address("::1", 3000).url == "http://[::1]:3000"


READ = "a number of seconds from 6 to 60: the backend's streams beat every 5"
URL = "an http address without a path, such as http://k8-chatroulette-back:3000"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        pytest.param("BACKEND_URL", "cats:3000", URL, id="no scheme"),
        pytest.param("BACKEND_URL", "https://cats", URL, id="https"),
        pytest.param("BACKEND_URL", "http://cats/api", URL, id="path"),
        pytest.param("BACKEND_URL", "http://cats:99999", URL, id="port too large"),
        pytest.param("BACKEND_URL", "http://", URL, id="no host"),
        pytest.param(
            "BACKEND_READ_SECONDS",
            "0",
            READ,
            id="no time",
        ),
        pytest.param("MAX_STREAMS", "0", "a whole number from 1 to 100000", id="no streams"),
        pytest.param("DRAIN_SECONDS", "29", "at most 27, three seconds less than GRACE_SECONDS", id="long drain"),
    ],
)
def test_an_invalid_value_is_named_in_one_line(name, value, rule):
    with pytest.raises(ConfigError) as error:
        load({name: value})
    assert str(error.value) == f"{name}={value!r} cannot be used: it should be {rule}"


@pytest.mark.parametrize(
    "url", ["http://u:s3cret@cats", "http://:s3cret@cats", "http://s3cret@cats:3000/x", "s3cret@cats"]
)
def test_no_part_of_a_password_is_in_the_error(url):
    with pytest.raises(ConfigError) as error:
        load({"BACKEND_URL": url})
    assert "s3cret" not in str(error.value)
    assert "…@cats" in str(error.value)
