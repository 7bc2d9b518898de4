"""The command as a person types it: a process of its own, its streams and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring import files
from sparring.cli.main import main
from sparring.cli.progress import BAR, live_line
from sparring.runs.folder import Run
from sparring.runs.session import Status

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=320"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sparring", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=120)


def test_from_pictures_to_pictures(tmp_path: Path) -> None:
    trained = run("train", "gan", *TINY, "--data", "digits", "--name", "a", "--images", "640", "--json", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    outcome = json.loads(trained.stdout)
    assert set(outcome) == {"folder", "images", "seconds", "images_per_second", "finished"}
    assert (outcome["folder"], outcome["images"]) == ("runs/a", 640)
    assert "640/640 images" in trained.stderr

    drawn = run("sample", "runs/a", "-n", "5", "--seed", "3", "--out", "out", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    run("sample", "runs/a/model", "-n", "9", "--seed", "3", "--out", "f.npz", cwd=tmp_path)
    array = np.load(tmp_path / "f.npz")["arr_0"]
    assert array.shape == (9, 8, 8, 1)
    with Image.open(tmp_path / "out" / "000004.png") as last:
        assert (np.asarray(last) == array[4, :, :, 0]).all()

    listed = run("runs", "--json", cwd=tmp_path)
    assert json.loads(listed.stdout)["state"] == "finished"
    assert "optimizer.lr" in run("runs", "show", "a", cwd=tmp_path).stdout


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path) -> None:
    done = run("train", "gan", *TINY, "--data", "digits", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "* width = 4" in done.stdout
    assert "  real_label = 0.9" in done.stdout
    assert "discriminator" in done.stdout
    assert "activations of a batch of 32" in done.stdout
    largest = run("train", "gan", *TINY, "batch_size=auto", "--data", "digits", "--dry-run", cwd=tmp_path)
    assert "* batch_size = 128" in largest.stdout, largest.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "dcgna", "--data", "digits"], 2, "unknown recipe 'dcgna': did you mean 'dcgan'?"),
        (["train", "dcgan", "--data", "digits", "--images", "banana"], 2, "'--images'"),
        (["train", "dcgan", "--data", "nosuch"], 2, "nosuch"),
        (["train", "dcgan", "--data", "digits", "--minutes", "-1"], 2, "'--minutes'"),
        (["train", "--data", "nosuch"], 2, "nosuch"),
        (["resume", "runs/nosuch"], 2, "no run at runs/nosuch"),
        (["sample", "nosuch", "--out", "o"], 2, "no model or run at nosuch"),
        (["sample", "nosuch"], 2, "'--out'"),
        (["sample", "nosuch", "--out", "a.gif"], 2, "a.gif"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_data_check_names_the_broken_one(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(0, 255, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / "own" / f"{number}.png")
    whole = (tmp_path / "own" / "1.png").read_bytes()
    (tmp_path / "own" / "torn.png").write_bytes(whole[:60])
    done = run("data", "check", "own", cwd=tmp_path)
    assert done.returncode == 1
    assert "torn.png" in done.stdout
    assert "torn.png" in done.stderr
    assert run("data", "info", "own", cwd=tmp_path).returncode == 0
    rows = [json.loads(line) for line in run("data", "check", "own", "--json", cwd=tmp_path).stdout.splitlines()]
    assert [row["name"] for row in rows if row["fatal"]] == ["torn.png"]
    trained = run("train", "gan", *TINY, "batch_size=3", "--data", "own", "--images", "9", cwd=tmp_path)
    assert trained.returncode == 1
    assert "torn.png" in trained.stderr
    assert "--skip-bad" in trained.stderr
    assert "torn.png" in run("data", "convert", "own", "a.zip", cwd=tmp_path).stderr
    for skip in ("--skip-bad", "data.skip_bad=true", "skip_bad=true"):
        converted = run("data", "convert", "own", "own.zip", skip, cwd=tmp_path)
        assert (converted.returncode, converted.stdout) == (0, "own.zip: 3 pictures\n"), converted.stderr
        (tmp_path / "own.zip").unlink()
    (tmp_path / "empty").mkdir()
    assert run("data", "info", "empty", cwd=tmp_path).returncode == 1
    kept = run("train", "gan", *TINY, "batch_size=3", "--data", "own", "--images", "9", "--skip-bad", cwd=tmp_path)
    assert kept.returncode == 0, kept.stderr


def test_data_convert(tmp_path: Path) -> None:
    done = run("data", "convert", "digits", "digits.zip", "size=8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    info = json.loads(run("data", "info", "digits.zip", "--json", cwd=tmp_path).stdout)
    assert (info["pictures"], info["sizes"]) == (1797, {"8x8": 1797})


def test_recipes(tmp_path: Path) -> None:
    listed = run("recipes", cwd=tmp_path).stdout
    assert "dcgan-celeba" in listed
    assert "* lr = 0.002" in run("recipes", "show", "gan", cwd=tmp_path).stdout
    assert "game.width" in run("recipes", "compare", "dcgan-svhn", "dcgan-celeba", cwd=tmp_path).stdout


def start(*arguments: str | Path, cwd: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sparring", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=ENVIRONMENT)


def wait_for(path: Path) -> None:
    for _ in range(1200):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


LONG = ["train", "dcgan", "--data", "digits", "--images", "12000", "--seed", "5"]
LONG += ["data.size=16", "game.width=8", "record.checkpoint_seconds=0.3"]


def test_a_killed_run_ends_in_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    """SIGKILL at random moments, of the first sitting and of one that resumed."""
    weights = "model/model.safetensors"
    assert run(*LONG, "--name", "whole", cwd=tmp_path).returncode == 0
    moments = np.random.default_rng(time.time_ns()).uniform(
        0, [0.3, 2.5, 2.5]
    )  # the first before a fast machine is done
    process = start(*LONG, "--name", "killed", cwd=tmp_path)
    wait_for(tmp_path / "runs" / "killed" / "latest.json")  # the first kill finds a checkpoint
    for moment in moments:
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start("resume", "runs/killed", cwd=tmp_path)
        time.sleep(2)
    assert process.wait() == 0, f"killed after {moments} seconds"
    whole, killed = (files.sha256(tmp_path / "runs" / name / weights) for name in ("whole", "killed"))
    assert whole == killed, f"killed after {moments} seconds"
    resumed = [event["images"] for event in Run(tmp_path / "runs" / "killed").events() if event["event"] == "resumed"]
    assert resumed and 0 < resumed[0] < 12000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_writes_a_checkpoint_and_exits_130(tmp_path: Path, number: signal.Signals) -> None:
    process = start(*LONG, "--name", "a", "record.checkpoint_seconds=1000", cwd=tmp_path)
    wait_for(tmp_path / "runs" / "a" / "samples" / "000000000.png")
    time.sleep(0.5)
    process.send_signal(number)
    assert process.wait(timeout=60) == 130
    assert len(list((tmp_path / "runs" / "a" / "checkpoints").iterdir())) == 1
    assert (tmp_path / "runs" / "a" / "report.html").exists()


def test_interrupting_before_the_first_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("sparring.data.open_dataset", interrupted, raising=False)
    monkeypatch.setattr(sys, "argv", ["sparring", "train", "gan", "--data", "digits", "--runs", str(tmp_path / "runs")])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.value.code == 130
    assert not (tmp_path / "runs").exists()


def test_the_live_line_fits_the_terminal() -> None:
    status = Status(
        images=12_345,
        goal=50_000,
        share=0.25,
        seconds=60,
        rate=1010,
        losses={"discriminator.real": 0.3, "discriminator.fake": 0.2, "generator.adversarial": 2.0},
        reading="balanced",
        sheet=Path("runs/demo/samples/000010048.png"),
    )
    whole = live_line(status, 200)
    assert whole.startswith("━" * (BAR // 4) + "╌")
    for part in ("12,345/50,000 images", "1,010/s", "3:00 left", "D 0.50 G 2.00, balanced", str(status.sheet)):
        assert part in whole
    assert str(status.sheet) in live_line(status, 110)
    assert live_line(status, 95).endswith("000010048.png")
    assert all(len(live_line(status, width)) <= width for width in (80, 95, 110, 200))
    assert live_line(Status(), 80).endswith("? left")


def test_moves_of_one_letter_are_told_apart() -> None:
    losses = {"density.surprise": -1.0, "discriminator.fake": 0.5, "discriminator.real": 0.5, "generator.features": 2.0}
    assert "De -1.00 Di 1.00 Ge 2.00, balanced" in live_line(Status(losses=losses, reading="balanced"), 200)


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("train", "gan", *TINY, "--data", "digits", "--runs", "file", "--images", "64", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    long = run("train", "gan", *TINY, "--data", "digits", "--name", "x" * 300, "--images", "64", cwd=tmp_path)
    assert (long.returncode, "Traceback" in long.stderr) == (2, False)


def test_out_of_memory_says_what_to_make_smaller(tmp_path: Path) -> None:
    done = run("train", "gan", *TINY, "game.width=1000000", "--data", "digits", "--images", "64", cwd=tmp_path)
    assert done.returncode == 1
    assert "out of memory: take a smaller" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_loss_that_is_not_finite_exits_3(tmp_path: Path) -> None:
    done = run("train", "gan", *TINY, "optimizer.lr=1e38", "--data", "digits", "--images", "3200", cwd=tmp_path)
    assert done.returncode == 3
    assert "first bad tensor: players." in done.stderr
    assert "Traceback" not in done.stderr
