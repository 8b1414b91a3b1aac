"""What a lesson's conditions can read of the live objects."""

import pytest

from lab.lessons import state


def live(resources):
    container = {"name": "back", "image": "busybox", "resources": resources}
    meta = {"name": "cats", "creationTimestamp": "2026-11-27T12:00:00Z"}
    nothing = {key: [] for key in ("services", "slices", "configmaps", "events", "deployments", "nodes")}
    view = state.view({**nothing, "pods": [{"metadata": meta, "spec": {"containers": [container]}}]})
    return view["pods"][0]["containers"][0]


@pytest.mark.parametrize(
    ("resources", "cpu", "memory"),
    [
        pytest.param({"requests": {"cpu": "250m", "memory": "64Mi"}}, 250, 64 << 20, id="m-and-Mi"),
        pytest.param({"requests": {"cpu": "2", "memory": "64M"}}, 2000, 64_000_000, id="cores-and-M"),
        pytest.param({"requests": {"memory": "1"}}, None, 1, id="no-cpu"),
        pytest.param({"limits": {"cpu": "1", "memory": "1Gi"}}, None, None, id="limits-only"),
    ],
)
def test_requests_are_numbers(resources, cpu, memory):
    """Requests are in millicores and bytes, None where there is none, so that an expression can compare them."""
    assert live(resources)["requests"] == {"cpu": cpu, "memory": memory}
