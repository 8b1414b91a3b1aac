import os
import subprocess
import sys

import pytest

from backend.config import Settings, load, without_password
from service_runtime.environment import ConfigError


def test_defaults_need_no_environment_and_an_empty_variable_counts_as_absent():
    assert load({}) == load({"PORT": "", "POD_NAME": ""}) == Settings(port=3000, drain_seconds=5, grace_seconds=30)


def test_every_kind_of_value_is_converted():
    env = {"PORT": "8081", "DRAIN_SECONDS": "2.5", "LOG_LEVEL": "debug", "COLOUR": "#C2410c", "BIND": "::1"}
    assert load(env) == Settings(port=8081, drain_seconds=2.5, log_level="debug", colour="#C2410c", bind="::1")


@pytest.mark.parametrize(("bind", "listen"), [("127.0.0.1", "127.0.0.1:3000"), ("::", "[::]:3000")])
def test_listen(bind, listen):
    assert Settings(bind=bind).listen == listen


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "a", "a whole number from 1 to 65535"),
        ("DRAIN_SECONDS", "-1", "a number of seconds from 0 to 600"),
        ("DRAIN_SECONDS", "28", "at most 27, three seconds less than GRACE_SECONDS"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning and error"),
        ("COLOUR", "red", "a colour such as #c2410c"),
        ("BIND", "localhost", "an IP address to listen on, such as 0.0.0.0 or 127.0.0.1"),
        ("ALONE_SECONDS", "601", "a number of seconds from 0 to 600"),
        ("ABSENT_SECONDS", "1", "a number of seconds from 2 to 3600"),
        ("MAX_VISITORS", "0", "a whole number from 1 to 100000"),
        ("MAX_CHATS", "many", "a whole number from 1 to 100000"),
        ("MAX_STREAMS", "1.5", "a whole number from 1 to 100000"),
        ("REDIS_URL", "redis", "an address such as redis://redis:6379/0"),
        ("REDIS_URL", "http://redis:6379/0", "an address such as redis://redis:6379/0"),
        ("REDIS_URL", "redis://redis:6379/x", "an address such as redis://redis:6379/0"),
        ("REDIS_URL", "redis://", "an address such as redis://redis:6379/0"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(name, value, expected):
    with pytest.raises(ConfigError) as caught:
        load({name: value})
    assert str(caught.value) == f"{name}={value!r} cannot be used: it should be {expected}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("redis://cat:fish@bowl@redis:6379/0", "redis://…@redis:6379/0", id="before the host"),
        pytest.param("redis://h:port/0?password=s3cret", "redis://h:port/0…", id="in the options"),
        pytest.param("http://h/0#s3cret", "http://h/0…", id="in the fragment"),
        pytest.param("redis://h/x?password=s3@s3cret", "redis://…", id="at sign in the options"),
        pytest.param("redis://:s3?s3cret@h/x", "redis://…", id="question mark before the host"),
        pytest.param("redis://:s3/s3cret@h/x", "redis://…@h/x", id="slash before the host"),
        pytest.param(":s3cret@h:6379", "…@h:6379", id="no scheme"),
        pytest.param("h:6379?password=s3cret", "h:6379…", id="no scheme, options"),
        pytest.param("redis", "redis", id="nothing to hide"),
    ],
)
def test_no_part_of_a_password_is_in_the_error(url, shown):
    with pytest.raises(ConfigError) as caught:
        load({"REDIS_URL": url})
    assert str(caught.value).startswith(f"REDIS_URL='{shown}' cannot be used")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("redis://redis", "redis://redis", id="host"),
        pytest.param("redis://redis:6379/0", "redis://redis:6379/0", id="no-password"),
        pytest.param("redis://[fd00::7]:6379", "redis://[fd00::7]:6379", id="ipv6"),
        pytest.param("redis://:s3cret@redis:6379/0", "redis://redis:6379/0", id="password"),
        pytest.param("rediss://:pass%40word@h:6380/1?ssl_cert_reqs=none", "rediss://h:6380/1", id="options"),
        pytest.param("redis://cat@h:6379/0?client_name=a&password=s3cret#s3", "redis://h:6379/0", id="in-the-options"),
        pytest.param("unix:///run/redis.sock?password=s3cret", "unix:///run/redis.sock", id="socket"),
    ],
)
def test_an_address_of_a_redis_is_shown_without_its_password(url, shown):
    assert load({"REDIS_URL": url}) == Settings(redis_url=url)
    assert without_password(url) == shown


def test_an_at_sign_in_a_password_is_not_shown():
    assert without_password("rediss://cat:p@ss@redis:6379") == "rediss://redis:6379"


def test_the_server_does_not_start_on_a_wrong_value():
    """One line on standard error and exit code 2: no traceback, no worker that starts again and again."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:backend.gunicorn_conf", "backend:create_app()"]
    done = subprocess.run(
        command, env=os.environ | {"PORT": "99999"}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    expected = "backend: PORT='99999' cannot be used: it should be a whole number from 1 to 65535\n"
    assert (done.stdout, done.stderr) == ("", expected)


@pytest.mark.parametrize(
    ("statement", "library"),
    [
        pytest.param("import backend.gunicorn_conf", "flask", id="the main process has no Flask"),
        pytest.param("import backend.gunicorn_conf", "gevent", id="nor gevent"),
        pytest.param("import backend; backend.create_app()", "redis", id="without REDIS_URL there is no Redis client"),
    ],
)
def test_no_memory_goes_into_what_a_process_does_not_use(statement, library):
    program = f"{statement}; import sys; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode == 0
