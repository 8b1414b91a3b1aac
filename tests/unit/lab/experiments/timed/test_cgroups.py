"""What limits become in the cgroup, and the cgroup's own files of both versions."""

import pytest

from lab.experiments.timed import cgroups
from lab.experiments.timed.cgroups import Limits

V1 = dict(
    zip(
        cgroups.FILES["v1"],
        (
            "134217728",
            "35663872",
            "total_rss 30834688\ntotal_inactive_file 753664",
            "50000",
            "nr_periods 28\nnr_throttled 7\nthrottled_time 52073377",
            "1500000000",
        ),
        strict=True,
    )
)
V2 = {
    "/sys/fs/cgroup/memory.max": "134217728",
    "/sys/fs/cgroup/memory.current": "35663872",
    "/sys/fs/cgroup/memory.stat": "anon 30834688\ninactive_file 753664",
    "/sys/fs/cgroup/cpu.max": "50000 100000",
    "/sys/fs/cgroup/cpu.stat": "usage_usec 1500000\nnr_periods 28\nnr_throttled 7\nthrottled_usec 52073",
}


@pytest.mark.parametrize(
    ("limits", "page", "expected"),
    [
        pytest.param({"cpu": "500m", "memory": "30M"}, 4096, Limits(29_999_104, 50_000), id="whole pages"),
        pytest.param({"memory": "30M"}, 65_536, Limits(29_949_952, None), id="larger pages"),
        pytest.param({"cpu": "1m"}, 4096, Limits(None, 1000), id="the least quota"),
    ],
)
def test_what_limits_become(limits, page, expected):
    assert cgroups.limits({"limits": limits}, page) == expected


@pytest.mark.parametrize("files", [pytest.param(V1, id="v1"), pytest.param(V2, id="v2")])
def test_both_versions_say_the_same(files):
    cgroup = cgroups.read(files)
    assert cgroup == cgroups.Cgroup(
        Limits(134_217_728, 50_000), 35_663_872, 753_664, 30_834_688, cpu=1.5, periods=28, throttled=7
    )
    assert cgroup.working_set == 35_663_872 - 753_664


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            V1 | {cgroups.FILES["v1"].memory_limit: str(2**63 - 4096), cgroups.FILES["v1"].cpu_quota: "-1"}, id="v1"
        ),
        pytest.param(
            V2 | {cgroups.FILES["v2"].memory_limit: "max", cgroups.FILES["v2"].cpu_quota: "max 100000"}, id="v2"
        ),
    ],
)
def test_no_limit(files):
    assert cgroups.read(files).limits == Limits(None, None)
