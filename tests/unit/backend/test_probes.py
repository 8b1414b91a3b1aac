"""The kubelet's probes, as they were answered."""

import pytest

from backend import probes
from backend.lifecycle import Phase
from backend.probes import Probe, Probes
from backend.shelf import Shelf

KUBELET = {"User-Agent": "kube-probe/1.37"}


def kept(app):
    return [(probe.kind, probe.status, probe.reason) for probe in app.extensions["backend"].probes.last]


def test_only_the_kubelet_counts(app, client):
    client.get("/readyz")
    client.get("/readyz", headers=KUBELET)
    client.get("/readyz", headers={"User-Agent": "curl/8 kube-probe/1.37"})
    assert kept(app) == [("readyz", 200, None)]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/livez", "livez"), ("/healthz", "livez"), ("/readyz", "readyz"), ("/startupz?verbose", "startupz")],
)
def test_each_probe_is_kept_by_its_kind(app, client, path, kind):
    client.get(path, headers=KUBELET)
    assert kept(app) == [(kind, 200, None)]


def test_a_failure_is_kept_with_its_reason(app, client):
    app.extensions["backend"].lifecycle.phase = Phase.STARTING
    client.get("/startupz", headers=KUBELET)
    assert kept(app) == [("startupz", 503, "still starting")]


def test_the_last_sixty_outlive_the_container(tmp_path):
    before = Probes(Shelf(tmp_path, "back-7d9"))
    for number in range(70):
        before.add("livez", 200, str(number))
    after = Probes(Shelf(tmp_path, "back-7d9"))
    assert [probe.reason for probe in after.last] == [str(number) for number in range(10, 70)]
    assert all(isinstance(probe, Probe) for probe in after.last)
    assert probes.last_seen(after.shelf) == after.last[-1].at


def test_without_probes_nothing_was_seen(tmp_path):
    assert probes.last_seen(Shelf(tmp_path, "back-7d9")) is None
