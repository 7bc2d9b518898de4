"""A run by two processes, started as a user would, one of which is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sparring
from sparring import files
from sparring.cli.together import _without_count
from sparring.config import Recipe
from sparring.errors import UsageError
from sparring.runs import several
from sparring.runs.folder import Run
from sparring.training.distributed import ALONE, Ranks

SETTINGS = ("data.size=8", "game.width=4", "batch_size=16", "speed=exact", "guard=off", "record.samples=1000000")
RECIPE = {"game": {"name": "gan"}, "images": 100}


def follower(parent: int) -> int | None:
    """The process that plays along."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            known = (place / "environ").read_bytes().split(b"\0")
            if b"RANK=1" in known and f"SPARRING_TEST={parent}".encode() in known:
                return int(place.name)
        except OSError:
            continue
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the process in /proc")
def test_a_process_that_dies_ends_the_run_and_another_number_of_them_goes_on(tmp_path: Path) -> None:
    words = ["train", "dcgan", *SETTINGS, "record.checkpoint_seconds=1e-9", "--images", "160000", "--name", "two"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sparring", *words, "--runs", str(tmp_path), "--nproc", "2"],
            env={**os.environ, "SPARRING_TEST": str(os.getpid()), "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )
        run = Run(tmp_path / "two")
        for _ in range(1200):
            if run.checkpoints.is_dir() and len(list(run.checkpoints.iterdir())) > 1:
                break
            time.sleep(0.1)
        found = follower(os.getpid())
        assert found is not None, (tmp_path / "log").read_text()
        os.kill(found, signal.SIGKILL)
        assert process.wait(120) != 0
    said = (tmp_path / "log").read_text()
    assert f"another process of this run is gone: go on with `sparring resume {run.path}`" in said
    assert run.recipe().parts == 2
    came = int(max(place.name for place in run.checkpoints.iterdir()))

    sparring.resume(run.path, images=came + 64)  # one process, which plays both parts
    sparring.train("dcgan", *SETTINGS, "parts=2", runs=tmp_path, name="one", images=came + 64)
    other = Run(tmp_path / "one")
    assert files.sha256(run.model / "model.safetensors") == files.sha256(other.model / "model.safetensors")


def test_every_process_has_a_part() -> None:
    recipe = Recipe.model_validate(RECIPE)
    assert several.divided(recipe, Ranks(0, 2)).parts == 2
    assert several.divided(recipe.model_copy(update={"parts": 4}), Ranks(1, 2)).parts == 4
    assert several.divided(recipe, ALONE) is recipe
    with pytest.raises(UsageError, match="3 processes cannot share the 4 parts"):
        several.divided(recipe.model_copy(update={"parts": 4}), Ranks(0, 3))
    with pytest.raises(UsageError, match="guard=rollback goes back alone"):
        several.divided(recipe.model_copy(update={"guard": "rollback"}), Ranks(0, 2))


def test_a_part_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch_size=16 cannot be cut into 3 equal parts"):
        sparring.train("dcgan", *SETTINGS, "parts=3", data="digits", runs=tmp_path, images=64)
    with pytest.raises(UsageError, match="at least two pictures in each of the 16 parts of a batch: set batch_size=32"):
        sparring.train("dcgan", *SETTINGS, "parts=16", data="digits", runs=tmp_path, images=64)
    assert not list(tmp_path.iterdir())


def test_the_number_of_processes_is_not_handed_on() -> None:
    assert _without_count(["resume", "a", "--nproc", "2", "--json"]) == ["resume", "a", "--json"]
