"""Two users on one Docker, with the same name for their clusters: neither reaches the other's."""

import subprocess
from pathlib import Path

import pytest

from lab import docker, ownership
from lab.testing import Cluster


@pytest.fixture
def neighbour(cluster: Cluster, tmp_path: Path) -> Cluster:
    """Return a user with another home, and the same cluster name."""
    cache = {"LAB_CACHE": str(tmp_path / ".cache"), "KUBECONFIG": str(tmp_path / "kube"), "HOME": str(tmp_path)}
    return Cluster({**cluster.env, **cache})


@pytest.mark.parametrize("words", [("kind-up",), ("kind-down",), ("clean", "--yes")], ids=lambda words: words[0])
def test_another_users_cluster_is_named_and_left_alone(
    cluster: Cluster, neighbour: Cluster, words: tuple[str, ...]
) -> None:
    names = (cluster.settings.node, cluster.settings.registry)

    def runs() -> list[tuple[str, str]]:
        found = [docker.inspect(name) or {} for name in names]
        return [(each["Id"], each["State"]["StartedAt"]) for each in found]

    before = runs()
    done = neighbour.lab(*words, check=False)
    assert done.code == 2
    assert f"is another lab's, whose caches are in {cluster.settings.cache}: it is left alone" in done.stderr
    assert runs() == before
    assert cluster.lab("kind-up").code == 0, "one's own is one's own"


def test_a_neighbour_who_cleans_leaves_images_and_nodes_of_others(cluster: Cluster, neighbour: Cluster) -> None:
    """Also a node that is half made: here a container of its name and label that has stopped."""
    half = Cluster({**neighbour.env, "LAB_CLUSTER": f"{cluster.settings.cluster}-half"})
    foreign = ownership.mount(cluster.settings, str(cluster.settings.cache))
    image = str((docker.inspect(cluster.settings.registry) or {})["Config"]["Image"])
    mounted = f"{foreign['hostPath']}:{foreign['containerPath']}:ro"
    label = f"io.x-k8s.kind.cluster={half.settings.cluster}"
    docker.docker("create", "--name", half.settings.node, "--label", label, "--volume", mounted, image)
    try:
        assert half.lab("clean", "--yes", check=False).code == 2
        assert docker.inspect(half.settings.node)
        empty = Cluster({**neighbour.env, "LAB_CLUSTER": f"{cluster.settings.cluster}-none"})
        images = docker.docker("image", "ls", "--quiet", "--filter", "label=io.chatroulette.lab=images").split()
        assert empty.lab("clean", "--yes").code == 0
        left = docker.docker("image", "ls", "--quiet", "--filter", "label=io.chatroulette.lab=images").split()
        assert set(images) <= set(left)
    finally:
        subprocess.run(["docker", "rm", "-f", half.settings.node], check=False, capture_output=True)
