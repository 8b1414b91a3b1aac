"""An image that cannot be had. The reasons are kubelet's (pkg/kubelet/images/types.go)."""

from dataclasses import replace

from lab.deploy.causes.case import Case, Container, Diagnosis, explained
from lab.kubernetes import pod_status

_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_PULL |= {"RegistryUnavailable", "SignatureValidationFailed"}


def image(case: Case, container: Container) -> Diagnosis | None:
    waiting = pod_status.waiting(container.status)
    if waiting.get("reason") not in _PULL:
        return None
    name, spec = container.name, container.spec
    message = explained(
        case.event("Failed", containing="pull", container=name) or waiting.get("message", ""), "runtime"
    )
    reason, reference = waiting["reason"], spec.get("image", "")  # a status names the image as the runtime knows it
    if reason == "ErrImageNeverPull":
        return case.diagnosis("image-never", name, image=reference)
    diagnosis = case.diagnosis("image", name, image=reference, reason=reason, message=message)
    if spec.get("imagePullPolicy") != "Always":
        return diagnosis
    return replace(diagnosis, detail=f"{diagnosis.detail}. {case.diagnosis('image-always', name).detail}")
