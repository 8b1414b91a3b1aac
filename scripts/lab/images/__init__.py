"""Images: built only where their content is new, and pulled by the nodes from the cluster's own registry."""

from lab.images import app, registry
from lab.images.plan import app_steps, clean, current, steps

__all__ = ["app", "app_steps", "clean", "current", "registry", "steps"]
