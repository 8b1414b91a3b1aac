"""Which test runs use a cluster: the last one takes away what a run made."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from chatroulette_lab.pytest_cluster import Cluster, cache_folder


@dataclass(frozen=True)
class Users:
    """The runs, by their process, that use a cluster; kept in a file in the caches, under a lock."""

    cluster: Cluster

    @staticmethod
    def this_process() -> str:
        return str(os.getpid())

    def join(self, run: str) -> None:
        """Bring the cluster up unless it is; count this run among its users."""
        with self._state() as state:
            if not state["runs"]:
                state["made"] = state["made"] or not self.cluster.exists()
                state["runs"] = [run]  # counted first: one that comes up only in part is taken away too
                self._write(state)
                self.cluster.up()
            state["runs"] = sorted({*state["runs"], run})

    def leave(self, run: str) -> None:
        """Count it no more; take the cluster down where the runs made it and this was the last."""
        if not self._file.exists():
            return
        with self._state() as state:
            used = run in state["runs"]
            state["runs"] = [other for other in state["runs"] if other != run]
            if used and state["made"] and not state["runs"]:
                self.cluster.down()
                state["made"] = False

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._file.with_suffix(".lock")):
            state: dict[str, Any] = {"made": False, "runs": []}
            if self._file.exists():
                state = json.loads(self._file.read_text())
            state["runs"] = [run for run in state["runs"] if _is_alive(int(run))]
            try:
                yield state
            finally:
                self._write(state)

    def _write(self, state: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(state))

    @property
    def _file(self) -> Path:
        return cache_folder() / "tests" / f"{self.cluster.name}.json"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
