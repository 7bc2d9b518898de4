"""Two processes and one run: one of them trains, the other is refused in a line."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import sparring
from sparring import files
from sparring.errors import SparringError, UsageError
from sparring.runs import folder
from sparring.runs.folder import Run
from sparring.runs.launch import resolve
from tests.runs.interrupting import NEVER, Watcher

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=64", "record.samples=64"]


def train(runs: Path, name: str = "a", images: int = 192) -> Path:
    return Path(sparring.train("gan", *TINY, data="digits", runs=runs, name=name, images=images).folder)


def weights(run: Path) -> str:
    return files.sha256(run / "model" / "model.safetensors")


def test_of_many_that_begin_at_once_one_does(tmp_path: Path) -> None:
    recipe = resolve("gan", TINY, data="digits", images=64)

    def begin(path: Path, start: threading.Barrier, outcomes: list[str]) -> None:
        start.wait()
        try:
            with folder.begin(path, recipe, {}):
                outcomes.append("began")
        except UsageError as error:
            outcomes.append(str(error))

    for turn in range(10):
        path, start = tmp_path / str(turn), threading.Barrier(8)
        outcomes: list[str] = []
        threads = [threading.Thread(target=begin, args=(path, start, outcomes)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes.count("began") == 1
        assert sum("exists: take another --name" in outcome for outcome in outcomes) == 7
    assert len(list(tmp_path.iterdir())) == 10


def test_of_two_processes_that_train_under_one_name_one_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sparring", "train", "gan", *TINY, "--data", "digits", "--images", "192"]
    command += ["--name", "a"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {process.returncode: error for process in both if (error := process.communicate()[1])}
    assert sorted(said) == [0, 2], said
    assert "sparring: runs/a exists: take another --name" in said[2]
    assert "Traceback" not in said[2]
    assert [event["event"] for event in Run(tmp_path / "runs" / "a").events()] == ["started", "finished"]


def test_a_run_that_was_taken_up_before_it_was_held_is_left_to_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = folder.create

    def slowly(path: Path, *more: Any) -> Run:
        run = create(path, *more)
        sparring.resume(path)  # by another process, and from start to end
        return run

    monkeypatch.setattr(folder, "create", slowly)
    with pytest.raises(UsageError, match="exists"):
        train(tmp_path)
    assert [event["event"] for event in Run(tmp_path / "a").events()] == ["started", "finished"]


def test_two_that_resume_take_turns(tmp_path: Path) -> None:
    whole, run = train(tmp_path, name="whole"), train(tmp_path, images=128)
    before = sorted(run.rglob("*"))
    watcher = Watcher(NEVER)
    more = {"images": 192, "observer": watcher}
    both = [threading.Thread(target=sparring.resume, args=(run,), kwargs=more) for _ in range(2)]
    with Run(run).held(print):
        with pytest.raises(SparringError, match="another process is training in"), Run(run).held(print, waits=False):
            pass
        for thread in both:
            thread.start()
        while len(watcher.said) < 2:
            time.sleep(0.01)
        assert all("another process is training in" in text for text in watcher.said)
        assert sorted(run.rglob("*")) == before
    for thread in both:
        thread.join()
    assert weights(run) == weights(whole)
    assert [row["images"] for row in Run(run).rows()] == [64, 128, 192]
