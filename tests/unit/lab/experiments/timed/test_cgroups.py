"""What a spec becomes in the cgroup, and the cgroup's own files of both versions."""

from __future__ import annotations

import pytest

from lab.experiments.timed import cgroups
from lab.experiments.timed.cgroups import Given

V1 = {
    "memory/memory.limit_in_bytes": "134217728",
    "memory/memory.usage_in_bytes": "35663872",
    "memory/memory.stat": "total_rss 30834688\ntotal_inactive_file 753664",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
    "cpu/cpu.cfs_quota_us": "50000",
    "cpu/cpu.cfs_period_us": "100000",
    "cpu/cpu.shares": "256",
    "cpu/cpu.stat": "nr_periods 28\nnr_throttled 7\nthrottled_time 52073377",
    "cpuacct/cpuacct.usage": "1500000000",
}
V2 = {
    "memory.max": "134217728",
    "memory.current": "35663872",
    "memory.stat": "anon 30834688\ninactive_file 753664",
    "memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 1",
    "cpu.max": "50000 100000",
    "cpu.weight": "35",
    "cpu.stat": "usage_usec 1500000\nnr_periods 28\nnr_throttled 7\nthrottled_usec 52073",
}


@pytest.mark.parametrize(
    ("resources", "version", "expected"),
    [
        pytest.param({}, "v1", Given(None, None, frozenset({2})), id="nothing: no limit, the least weight"),
        pytest.param(
            {"limits": {"cpu": "0.1", "memory": "64Mi"}},
            "v1",
            Given(67_108_864, 10_000, frozenset({102})),
            id="limits alone",
        ),
        pytest.param(
            {"limits": {"cpu": "500m", "memory": "64M"}, "requests": {"cpu": "250m"}},
            "v1",
            Given(64_000_000, 50_000, frozenset({256})),
            id="a request below",
        ),
        pytest.param({"limits": {"memory": "30M"}}, "v1", Given(29_999_104, None, frozenset({2})), id="whole pages"),
        pytest.param({"limits": {"cpu": "1m"}}, "v1", Given(None, 1000, frozenset({2})), id="the least quota"),
        pytest.param({"requests": {"cpu": "1"}}, "v2", Given(None, None, frozenset({39, 100})), id="v2, both formulas"),
        pytest.param({"requests": {"cpu": "400"}}, "v2", Given(None, None, frozenset({10_000})), id="v2, the most"),
    ],
)
def test_what_a_spec_becomes(resources, version, expected):
    assert cgroups.given(resources, version) == expected


def test_another_page_size():
    assert cgroups.given({"limits": {"memory": "30M"}}, "v2", page=65_536).memory == 29_949_952


@pytest.mark.parametrize(
    ("files", "version", "weight"), [pytest.param(V1, "v1", 256, id="v1"), pytest.param(V2, "v2", 35, id="v2")]
)
def test_both_versions_say_the_same(files, version, weight):
    found = cgroups.read(files)
    assert found.version == version
    assert found.given == Given(134_217_728, 50_000, frozenset({weight}))
    assert found.working_set == 35_663_872 - 753_664
    assert found.anonymous == 30_834_688
    assert (found.cpu, found.periods, found.throttled, found.oom_kills) == (1.5, 28, 7, 2)
    assert found.throttled_seconds == pytest.approx(0.052073, abs=1e-6)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({**V1, "memory/memory.limit_in_bytes": str(2**63 - 4096), "cpu/cpu.cfs_quota_us": "-1"}, id="v1"),
        pytest.param({**V2, "memory.max": "max", "cpu.max": "max 100000"}, id="v2"),
    ],
)
def test_no_limit(files):
    found = cgroups.read(files).given
    assert (found.memory, found.quota) == (None, None)


def test_what_grep_prints_is_the_files_again():
    text = "\n".join(f"/sys/fs/cgroup/{name}:{line}" for name, value in V1.items() for line in value.splitlines())
    assert cgroups.printed(text) == V1


def test_throttling_is_the_part_of_the_periods_that_were_cut_short():
    before = cgroups.read(V1)
    after = cgroups.read({**V1, "cpu/cpu.stat": "nr_periods 48\nnr_throttled 22\nthrottled_time 0"})
    assert cgroups.throttling(before, after) == 0.75
    assert cgroups.throttling(before, before) == 0
