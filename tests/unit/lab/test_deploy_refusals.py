"""What the API server refused, told in plain words."""

import pytest

from lab.deploy.refusals import refused


@pytest.mark.parametrize(
    ("message", "cause", "detail"),
    [
        pytest.param('pods "x" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0',
                     "quota", "ResourceQuota none (requested: pods=1", id="quota"),
        pytest.param('pods "x" is forbidden: failed quota: none: must specify limits.cpu for: app', "quota",
                     "wants requests and limits", id="quota without limits"),
        pytest.param('pods "x" is forbidden: violates PodSecurity "restricted:v1.37": runAsNonRoot != true (pod or '
                     'container "app" must set securityContext.runAsNonRoot=true)',
                     "security", "restricted:v1.37, and this one breaks it: runAsNonRoot != true", id="security"),
        pytest.param('Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already '
                     "allocated", "refused", "another Service has this NodePort", id="node port"),
        pytest.param('pods "x" is forbidden: maximum memory usage per Container is 100Mi, but limit is 128Mi',
                     "limits", "LimitRange of its namespace refuses it: maximum memory", id="LimitRange"),
        pytest.param("pods \"x\" is forbidden: ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no cats",
                     "policy", "ValidatingAdmissionPolicy a, bound by b, refuses it: no cats", id="admission policy"),
        pytest.param('admission webhook "cats.example" denied the request: no cats',
                     "policy", "webhook cats.example refuses it: no cats", id="webhook"),
        pytest.param('namespaces "n" not found', "refused", "there is no namespace n", id="namespace"),
        pytest.param('failed to create typed patch object (n/x): .spec.env: duplicate entries for key [name="A"]',
                     "double", 'spec.env has two entries with name="A"', id="an entry twice"),
        pytest.param("etcdserver: request timed out", "refused", "refused it: etcdserver", id="anything else"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_plain_words(message: str, cause: str, detail: str) -> None:
    diagnosis = refused("pod/x", "n", message)
    assert diagnosis.cause == cause
    assert detail in diagnosis.sentence
    assert diagnosis.next_command.startswith(("kubectl ", "make one"))
