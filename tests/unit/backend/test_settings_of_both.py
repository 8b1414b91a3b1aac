"""Settings that neither service takes, and those that both do: at start, one line each."""

import pytest

import backend.config
import frontend.config
from service_runtime.environment import ConfigError
from service_runtime.open_files import Capacity, capacity

LOADS = {"backend": backend.config.load, "frontend": frontend.config.load}
NO_NUMBER = (
    "",
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e400",
    "999999999999",
    " 5",
    "5 ",
    "5\n",
    "\uff15",
    "0x5",
    "5_0",
    "+5",
    "five",
    "5s",
)
WRONG = {
    "PORT": (*NO_NUMBER[1:], "0", "65536", "80.5"),
    "DRAIN_SECONDS": NO_NUMBER[1:],
    "GRACE_SECONDS": (*NO_NUMBER[1:], "3"),
    "MAX_STREAMS": (*NO_NUMBER[1:], "0", "1.5"),
    "BIND": ("cafe", "::g", "1.2.3", "256.0.0.1", "localhost", "0.0.0.0:80", " 0.0.0.0", "\uff11.0.0.1", "0.0.0.0/0"),
    "LOG_LEVEL": ("loud", "INFO", "info "),
    "FAULTS": ("yes", "On", "1"),
    "COLOUR": ("red", "#fff", "#ffffff\n", "#\uff46fffff"),
    "ALLOWED_HOSTS": ("http://x", "x:80", "*x", "a b", ",", "x/"),
    "POD_NAME": (" ", "a\nb", "a\0", "x" * 257),
    "BACKEND_URL": (
        *(
            "cats:3000",
            "http://",
            "http://:s@cats",
            "http://@cats",
            "http://cats:0",
            "http://cats:65536",
            "http://c ats",
        ),
        *(
            "http://cats?x",
            "http://cats#x",
            "http://cats/x",
            "http://[::1",
            "http://c\u00f6ts",
            "https://cats",
            " http://cats",
        ),
    ),
    "BACKEND_READ_SECONDS": (*NO_NUMBER[1:], "5", "5.9", "61"),
    "BACKEND_CONNECT_SECONDS": (*NO_NUMBER[1:], "0", "61"),
    "REDIS_URL": (
        "redis",
        "redis://",
        "http://r",
        "redis://r:0",
        "redis://r:123456",
        "redis://r:\uff16",
        "redis://r/x",
        "redis://r\n",
    ),
    "ABSENT_SECONDS": (*NO_NUMBER[1:], "1"),
    "STATE_DIR": ("tmp", "/tmp\n", " /tmp"),
}
ONLY = {"BACKEND_": "frontend", "REDIS_": "backend", "ABSENT_": "backend", "STATE_": "backend"}
"""Which service has a setting of its own."""


def services(name):
    return [service for start, service in ONLY.items() if name.startswith(start)] or list(LOADS)


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [(service, name, value) for name, values in WRONG.items() for value in values for service in services(name)],
)
def test_a_wrong_value_is_refused_in_one_line(service, name, value):
    with pytest.raises(ConfigError) as error:
        LOADS[service]({name: value})
    text = str(error.value)
    assert text.startswith(f"{name}=")
    assert " cannot be used: it should be " in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("files_per_stream", "hard", "expected"),
    [
        pytest.param(1, 1_048_576, Capacity(2400, 4000, 4200), id="as asked"),
        pytest.param(2, -1, Capacity(2400, 4000, 8200), id="no limit"),
        pytest.param(1, 1024, Capacity(494, 824, 1024), id="backend with 1,024 files"),
        pytest.param(2, 1024, Capacity(247, 412, 1024), id="frontend with 1,024 files"),
        pytest.param(2, 64, Capacity(1, 2, 64), id="hardly any"),
    ],
)
def test_streams_are_as_many_as_files_can_be_open(files_per_stream, hard, expected):
    assert capacity(2400, files_per_stream, hard) == expected
