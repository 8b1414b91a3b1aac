"""Put the services on the cluster, prove that they answer, and say why where they do not."""

from lab.deploy.manifests import SHAPES, Shape
from lab.deploy.plan import steps, undeploy

__all__ = ["SHAPES", "Shape", "steps", "undeploy"]
