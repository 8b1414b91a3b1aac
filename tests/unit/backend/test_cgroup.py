import pytest

from backend.cgroup import Cpu, Memory, Usage, read

MIB = 1 << 20
CPU = Cpu(limit_cores=0.2, used_seconds=1.5, periods=100, throttled_periods=7, throttled_seconds=0.25)
MEMORY = Memory(limit_bytes=64 * MIB, used_bytes=40 * MIB, working_set_bytes=36 * MIB, oom_kills=2)

V2 = {
    "cgroup.controllers": "cpu memory\n",
    "cpu.max": "20000 100000\n",
    "cpu.stat": "usage_usec 1500000\nnr_periods 100\nnr_throttled 7\nthrottled_usec 250000\n",
    "memory.max": f"{64 * MIB}\n",
    "memory.current": f"{40 * MIB}\n",
    "memory.stat": f"anon 1\ninactive_file {4 * MIB}\n",
    "memory.events": "low 0\noom 3\noom_kill 2\n",
}
V1 = {
    "cpu/cpu.cfs_quota_us": "20000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "cpu/cpu.stat": "nr_periods 100\nnr_throttled 7\nthrottled_time 250000000\n",
    "cpuacct/cpuacct.usage": "1500000000\n",
    "memory/memory.limit_in_bytes": f"{64 * MIB}\n",
    "memory/memory.usage_in_bytes": f"{40 * MIB}\n",
    "memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {4 * MIB}\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
}
V2_LINE = "0::/kubepods/pod1/c1\n"
V1_LINES = "5:cpu,cpuacct:/kubepods/pod1/c1\n4:memory:/kubepods/pod1/c1\n1:name=systemd:/x\n"


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("path", ["{}", "{}/kubepods/pod1/c1"], ids=["own-namespace", "host-namespace"])
@pytest.mark.parametrize(
    ("version", "files", "line"), [pytest.param(2, V2, V2_LINE, id="v2"), pytest.param(1, V1, V1_LINES, id="v1")]
)
def test_a_tree_is_read(tmp_path, path, version, files, line):
    """Whether the container sees only its own cgroup, or the host's whole tree with its own deep inside."""
    root = tmp_path / "cgroup"
    for name, text in files.items():
        controller, _, rest = name.rpartition("/")
        marker = name == "cgroup.controllers"
        plant(root, {name if marker else f"{path.format(controller)}/{rest}".lstrip("/"): text})
    plant(tmp_path, {"proc/self/cgroup": line})
    assert read(root, tmp_path / "proc") == Usage(version, CPU, MEMORY)


def test_no_cgroup_file_system_is_all_unknown(tmp_path):
    assert read(tmp_path, tmp_path) == Usage(None, Cpu(), Memory())


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"cgroup.controllers": "", "cpu.max": "max 100000\n", "memory.max": "max\n"}, id="v2"),
        pytest.param(
            {
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            id="v1",
        ),
    ],
)
def test_no_limit_is_null(tmp_path, files):
    plant(tmp_path, files)
    usage = read(tmp_path, tmp_path)
    assert (usage.cpu.limit_cores, usage.memory.limit_bytes) == (None, None)


@pytest.mark.parametrize("text", ["", "garbage", "a b c\n\n1"], ids=["empty", "word", "lines"])
def test_what_cannot_be_read_is_null(tmp_path, text):
    plant(tmp_path, dict.fromkeys(V2, text))
    assert read(tmp_path, tmp_path) == Usage(2, Cpu(), Memory())


def test_a_working_set_is_never_negative(tmp_path):
    plant(tmp_path, V2 | {"memory.current": "10", "memory.stat": "inactive_file 20\n"})
    assert read(tmp_path, tmp_path).memory.working_set_bytes == 0
