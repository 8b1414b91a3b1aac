"""Before an experiment begins: the cluster's DNS has a Pod that is ready, or one clear error says that it has none."""

import pytest

from lab.errors import TimedOut
from lab.experiments import run


class Api:
    """Answers each look with the next list of endpoints' readiness; the last one stays."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def items(self, path, **query):
        assert "/kube-system/" in path
        assert query == {"labelSelector": "kubernetes.io/service-name=kube-dns"}
        ready = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return [{"endpoints": [{"conditions": {"ready": each}} for each in ready] or None}]


@pytest.mark.parametrize(
    ("looks", "states"),
    [
        pytest.param([[True, True]], [], id="all ready"),
        pytest.param([[False, True]], [], id="one ready"),
        pytest.param([[], [False], [True]], ["0 endpoints", "1 endpoints"], id="ready a little later"),
    ],
)
def test_names_can_be_asked_for_and_a_wait_is_shown(monkeypatch, looks, states):
    monkeypatch.setattr("lab.waiting.time.sleep", lambda _seconds: None)
    shown = []
    run.until_dns_is_ready(Api(*looks), on_state=shown.append)
    assert [line.removeprefix("none of its ").removesuffix(" is ready") for line in shown] == states


@pytest.mark.parametrize(
    ("ready", "count"), [pytest.param([], 0, id="scaled to none"), pytest.param([False], 1, id="not ready")]
)
def test_without_dns_nothing_is_begun(ready, count):
    with pytest.raises(TimedOut, match=f"kube-dns; last seen: none of its {count} endpoints is ready") as error:
        run.until_dns_is_ready(Api(ready), timeout=0)
    assert error.value.hint == "kubectl -n kube-system rollout status deployment coredns"
