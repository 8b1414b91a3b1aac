from __future__ import annotations

import pytest

from lab.experiments import pods
from lab.experiments.pods import Probe


@pytest.fixture
def made():
    back = pods.backend("image", readinessProbe=Probe(period=2).http("/readyz"))
    return pods.pod("cats", back, pods.guest("image", "sidecar"), grace=3)


def test_every_container_is_what_the_restricted_profile_allows(made):
    every = [*made["spec"]["containers"], pods.ephemeral("image", "guest", "back")]
    for one in every:
        rights = one["securityContext"]
        assert rights["runAsNonRoot"]
        assert rights["runAsUser"] > 0
        assert not rights["allowPrivilegeEscalation"]
        assert rights["readOnlyRootFilesystem"]
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
        assert one["imagePullPolicy"] == "IfNotPresent"


def test_the_backend_has_its_faults_and_knows_its_pod(made):
    back = made["spec"]["containers"][0]
    values = {one["name"]: one.get("value") or one["valueFrom"]["fieldRef"]["fieldPath"] for one in back["env"]}
    assert values["FAULTS"] == "on"
    assert values["DRAIN_SECONDS"] == "0"
    assert values["POD_IP"] == "status.podIP"
    assert "command" not in back, "the image's own"
    assert back["readinessProbe"]["periodSeconds"] == 2
    assert back["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 3000}


def test_its_settings_can_be_changed():
    values = {one["name"]: one.get("value") for one in pods.backend("image", env={"DRAIN_SECONDS": "4"})["env"]}
    assert values["DRAIN_SECONDS"] == "4"


def test_an_ephemeral_container_has_nothing_that_it_may_not_have():
    """https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/"""
    found = pods.ephemeral("image", "guest")
    assert not set(found) & {"resources", "ports", "readinessProbe", "livenessProbe", "targetContainerName"}
    assert pods.ephemeral("image", "guest", "back")["targetContainerName"] == "back"


def test_a_service_leads_to_its_pod(made):
    service = pods.service("cats-service", "cats")
    assert service["spec"]["selector"].items() <= made["metadata"]["labels"].items()
    assert service["spec"]["ports"] == [{"port": 80, "targetPort": 3000}]
    assert made["spec"]["terminationGracePeriodSeconds"] == 3
