"""The arithmetic of `benchmarks.reliability`, and what it sees of the system."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability import pointed_to, reached, resident, slope, tenths


def test_memory_over_time() -> None:
    seconds = np.arange(100.0)
    memory = 7 + 3 * seconds / 3600
    memory[:10] = 1000  # while it starts
    assert slope(seconds, memory) == pytest.approx(3)
    assert tenths(np.arange(20.0)) == [0.5 + 2 * tenth for tenth in range(10)]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_memory_of_a_process_and_its_children() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        own = resident(child.pid)
        assert 0 < own < resident(os.getpid())
    finally:
        child.kill()
        child.wait()
    assert resident(child.pid) == 0


def test_what_a_kill_leaves_is_looked_at(tmp_path: Path) -> None:
    assert (reached(tmp_path), pointed_to(tmp_path)) == (0, "")  # before the first checkpoint
    (tmp_path / "latest.json").write_text(json.dumps({"checkpoint": "000000064", "images": 64}))
    assert reached(tmp_path) == 64
    assert "000000064" in pointed_to(tmp_path)
