from __future__ import annotations

import pytest

from lab.experiments import pods
from lab.experiments.pods import Probe


@pytest.fixture
def made():
    back = pods.backend("image", readinessProbe=Probe(period=2).http("/readyz"))
    return pods.pod("cats", back, pods.idle("sidecar", "image"), grace=3)


def test_every_container_is_what_the_restricted_profile_allows(made):
    for container in made["spec"]["containers"]:
        rights = container["securityContext"]
        assert rights["runAsNonRoot"]
        assert rights["runAsUser"] > 0
        assert not rights["allowPrivilegeEscalation"]
        assert rights["readOnlyRootFilesystem"]
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["imagePullPolicy"] == "IfNotPresent"


def test_the_backend_has_its_faults_and_knows_its_pod(made):
    back = made["spec"]["containers"][0]
    values = {entry["name"]: entry.get("value") or entry["valueFrom"]["fieldRef"]["fieldPath"] for entry in back["env"]}
    assert values["FAULTS"] == "on"
    assert values["DRAIN_SECONDS"] == "0"
    assert values["POD_IP"] == "status.podIP"
    assert "command" not in back, "the image's own"
    assert back["readinessProbe"]["periodSeconds"] == 2
    assert back["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 3000}


def test_its_settings_can_be_changed():
    values = {one["name"]: one.get("value") for one in pods.backend("image", env={"DRAIN_SECONDS": "4"})["env"]}
    assert values["DRAIN_SECONDS"] == "4"


def test_a_service_leads_to_its_pod(made):
    service = pods.service("cats-service", "cats")
    assert service["spec"]["selector"].items() <= made["metadata"]["labels"].items()
    assert service["spec"]["ports"] == [{"port": 80, "targetPort": 3000}]
    assert made["spec"]["terminationGracePeriodSeconds"] == 3
