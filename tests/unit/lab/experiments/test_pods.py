import pytest

from lab.experiments import pods
from lab.experiments.pods import Probe

BACK = pods.backend(env={"DRAIN_SECONDS": "4"}, readinessProbe=Probe(period=2).http("/readyz"))


@pytest.mark.parametrize("container", [BACK, pods.idle("sidecar")], ids=["backend", "idle"])
def test_every_container_is_what_the_restricted_profile_allows(container):
    rights = container["securityContext"]
    assert rights["runAsNonRoot"]
    assert rights["runAsUser"] > 0
    assert not rights["allowPrivilegeEscalation"]
    assert rights["readOnlyRootFilesystem"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_the_backend_has_its_faults_and_knows_its_pod():
    values = {entry["name"]: entry.get("value") or entry["valueFrom"]["fieldRef"]["fieldPath"] for entry in BACK["env"]}
    assert values.items() >= {"FAULTS": "on", "DRAIN_SECONDS": "4", "POD_IP": "status.podIP"}.items()
    assert "command" not in BACK, "the image's own"
    assert BACK["readinessProbe"]["periodSeconds"] == 2
    assert BACK["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 3000}
