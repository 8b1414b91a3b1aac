"""Put the services on the cluster, prove that they answer, and say why where they do not."""

from lab.deploy.forward import forward
from lab.deploy.manifests import SHAPES, Shape
from lab.deploy.plan import steps, undeploy
from lab.deploy.status import log_words, status
from lab.deploy.verify import verify

__all__ = ["SHAPES", "Shape", "forward", "log_words", "status", "steps", "undeploy", "verify"]
