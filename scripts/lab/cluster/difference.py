"""What an older cluster has that this lab would make otherwise."""

from collections.abc import Mapping
from typing import Any


def describe(node: Mapping[str, Any], facts: Mapping[str, str], config: Mapping[str, Any]) -> str:
    """Say what a cluster has that the configuration has not, and which version of the lab made it."""
    maker, this = f"lab {facts['lab']}" if "lab" in facts else "an older lab", f"lab {lab_version()}"
    wanted = config["nodes"][0]
    image = node["Config"]["Image"]
    if wanted.get("image") not in {None, image}:
        return f"has the node image {image} of {maker}, this is {this} with {wanted['image']}"
    bindings = node["HostConfig"]["PortBindings"]
    for mapping in wanted["extraPortMappings"]:
        bound = (bindings.get(f"{mapping['containerPort']}/tcp") or [{"HostPort": "none"}])[0]["HostPort"]
        if bound != str(mapping["hostPort"]):
            return f"has port {bound} where port {mapping['hostPort']} is asked for: LAB_FRONT_PORT, LAB_BACK_PORT"
    return f"was made by {maker} from another k8s/kind/cluster.yaml than this, {this}"


def lab_version() -> str:
    from importlib import metadata  # noqa: PLC0415 - not on the way to `lab --help`

    return metadata.version("chatroulette-lab")
