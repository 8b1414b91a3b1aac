"""Quantities: exactly what each suffix means, and no other text is one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from lab.errors import BadInput
from lab.kubernetes import quantities


@pytest.mark.parametrize(
    ("text", "millicores", "size"),
    [
        pytest.param("250m", 250, 1, id="thousandths, and a size rounded up"),
        pytest.param("0.1", 100, 1, id="a fraction"),
        pytest.param(".5", 500, 1, id="no leading zero"),
        pytest.param("2", 2000, 2, id="whole"),
        pytest.param("100u", 1, 1, id="millionths round up"),
        pytest.param("64Mi", 64 * 2**20 * 1000, 67_108_864, id="binary mega"),
        pytest.param("64M", 64 * 10**9, 64_000_000, id="decimal mega"),
        pytest.param("1k", 10**6, 1000, id="small k is a thousand"),
        pytest.param("1.5Gi", 1_610_612_736_000, 1_610_612_736, id="a fraction of a binary one"),
        pytest.param("12e3", 12_000_000, 12_000, id="an exponent"),
        pytest.param("1E", 10**21, 10**18, id="exa, no exponent"),
        pytest.param("0", 0, 0, id="zero"),
    ],
)
def test_amounts(text, millicores, size):
    assert quantities.millicores(text) == millicores
    assert quantities.size(text) == size


@given(st.integers(0, 10**6), st.sampled_from(sorted(quantities.SUFFIXES)))
def test_the_official_client_reads_the_same(number, suffix):
    assert quantities.exact(f"{number}{suffix}") == Fraction(parse_quantity(f"{number}{suffix}"))


@pytest.mark.parametrize("text", ["", "64MB", "64mi", "1K", "ten", "1 Gi", "--1", "1e", "0x10"])
def test_other_text_is_refused_by_name(text):
    with pytest.raises(BadInput, match=repr(text)):
        quantities.exact(text)


@pytest.mark.parametrize(("text", "stored"), [("0.1", "100m"), ("100m", "100m"), ("1.0", "1"), ("1500m", "1500m")])
def test_the_api_server_writes_cpu_in_its_own_way(text, stored):
    assert quantities.stored_cpu(text) == stored


def test_bytes_for_people():
    assert quantities.mebibytes(64 << 20) == "64 MiB"
    assert quantities.mebibytes(64_000_000) == "61.0 MiB"
