"""Quantities as Kubernetes rounds and writes them."""

import pytest

from lab.kubernetes import quantities


@pytest.mark.parametrize(
    ("text", "millicores", "size"),
    [
        pytest.param("250m", 250, 1, id="thousandths, and a size rounded up"),
        pytest.param(".5", 500, 1, id="a fraction"),
        pytest.param("100u", 1, 1, id="millionths round up"),
        pytest.param("64Mi", 64 * 2**20 * 1000, 67_108_864, id="binary mega"),
        pytest.param("1E", 10**21, 10**18, id="exa, no exponent"),
    ],
)
def test_amounts(text, millicores, size):
    assert quantities.millicores(text) == millicores
    assert quantities.size(text) == size


@pytest.mark.parametrize("text", ["", "64MB", "64mi", "ten", "--1"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match=r"quantity|number|suffix"):
        quantities.exact(text)


@pytest.mark.parametrize(("text", "stored"), [("0.1", "100m"), ("100m", "100m"), ("1.0", "1"), ("1500m", "1500m")])
def test_the_api_server_writes_cpu_in_its_own_way(text, stored):
    assert quantities.stored_cpu(text) == stored
