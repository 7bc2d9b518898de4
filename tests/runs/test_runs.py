"""Runs on disk: checkpoints, folders, reports, guards; through the Python interface."""

import io
import json
import os
import pickle
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import sparring
from sparring import files
from sparring.errors import Halted, SparringError, UsageError
from sparring.runs import checkpoint, folder, report
from sparring.runs.launch import resolve
from sparring.runs.overview import differing, facts, overview
from sparring.runs.prepare import prepare
from sparring.runs.preview import preview
from sparring.runs.session import Outcome, Silent
from sparring.runs.settings import marked
from tests.runs.interrupting import NEVER, Watcher

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=64", "record.samples=128"]


def train(tmp_path: Path, *settings: str, name: str = "a", images: int = 320, **more: Any) -> Outcome:
    return sparring.train("gan", *TINY, *settings, data="digits", runs=tmp_path, name=name, images=images, **more)


def weights(run: Path) -> str:
    return files.sha256(run / "model" / "model.safetensors")


def test_a_run_leaves_everything_it_should(tmp_path: Path) -> None:
    outcome = train(tmp_path)
    run = tmp_path / "a"
    assert asdict(outcome) == {
        "folder": str(run),
        "images": 320,
        "seconds": outcome.seconds,
        "images_per_second": outcome.images_per_second,
        "finished": True,
    }
    assert {path.name for path in run.iterdir() if not path.name.startswith(".")} == {
        *("recipe.toml", "environment.json", "metrics.jsonl", "events.jsonl", "report.html", "latest.json"),
        *("samples", "checkpoints", "model"),
    }
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["images"] for row in rows] == [64, 128, 192, 256, 320]
    terms = {"discriminator.real", "discriminator.fake", "generator.adversarial"}
    assert set(rows[0]) == {"step", "images", "seconds", "images_per_second", *terms}
    assert [path.name for path in sorted((run / "samples").iterdir())] == [f"{n:09}.png" for n in (0, 128, 256, 320)]
    assert json.loads((run / "latest.json").read_text()) == {"checkpoint": "000000320", "images": 320}
    assert [event["event"] for event in folder.Run(run).events()] == ["started", "finished"]


def test_the_averaged_generator_is_shipped(tmp_path: Path) -> None:
    train(tmp_path)
    place = checkpoint.latest(tmp_path / "a" / "checkpoints")
    assert place is not None
    averages, shipped = checkpoint.load(place).averages, load_file(tmp_path / "a" / "model" / "model.safetensors")
    assert all(torch.equal(averages[name], tensor) for name, tensor in shipped.items())


def test_a_move_of_now_and_then_has_its_chart_though_the_last_row_lacks_it(tmp_path: Path) -> None:
    train(tmp_path)
    run = folder.Run(tmp_path / "a")
    last = run.rows()[-1]
    before = {**last, "images": 300, "density.surprise": 1.5}
    for row in (before, last):
        run.add_row(row)
    report.write(run)
    assert "density" in run.report.read_text()


def test_same_seed_same_weights_other_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(tmp_path, name=name, seed=seed)
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_going_on_with_a_larger_budget_equals_one_long_run(tmp_path: Path) -> None:
    train(tmp_path, name="long", images=640)
    train(tmp_path, name="short", images=224)
    outcome = sparring.resume(tmp_path / "short", images=640)
    assert outcome.images == 640
    assert weights(tmp_path / "short") == weights(tmp_path / "long")
    for kept in ("recipe.toml",):
        assert (tmp_path / "short" / kept).read_text() == (tmp_path / "long" / kept).read_text()


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    train(tmp_path)
    before = weights(tmp_path / "a")
    assert sparring.resume(tmp_path / "a").finished
    assert weights(tmp_path / "a") == before


def test_rows_and_grids_after_the_checkpoint_are_made_again(tmp_path: Path) -> None:
    train(tmp_path, images=128)
    run = folder.Run(tmp_path / "a")
    with run.metrics.open("a") as file:
        file.write('{"images": 192, "step": 6}\n{"images": 25')  # killed while it wrote
    run.sheet(192).write_bytes(b"")
    sparring.resume(run.path, images=256)
    assert [row["images"] for row in run.rows()] == [64, 128, 192, 256]
    assert "seconds" in run.rows()[2]
    assert not run.sheet(192).exists()


def test_an_interrupted_run_saves_and_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    train(tmp_path, name="whole", images=640)
    outcome = train(tmp_path, name="cut", images=640, observer=Watcher(after=224))
    assert (outcome.finished, outcome.images) == (False, 256)
    assert folder.Run(tmp_path / "cut").events()[-1]["event"] == "interrupted"
    assert (tmp_path / "cut" / "model" / "model.safetensors").exists()
    assert sparring.resume(tmp_path / "cut").finished
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_a_run_without_a_checkpoint_starts_over(tmp_path: Path) -> None:
    train(tmp_path, name="whole")
    train(tmp_path, name="cut")
    files.remove(tmp_path / "cut" / "checkpoints")
    watcher = Watcher(NEVER)
    sparring.resume(tmp_path / "cut", observer=watcher)
    assert "no checkpoint yet: starting over" in watcher.said
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_minutes_are_a_budget(tmp_path: Path) -> None:
    outcome = sparring.train("gan", *TINY, data="digits", runs=tmp_path, name="a", minutes=0.01)
    assert outcome.finished
    assert 0.6 <= outcome.seconds < 3
    rows = folder.Run(tmp_path / "a").rows()
    assert rows[-1]["images"] == outcome.images


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    train(tmp_path, images=128)
    good = checkpoint.latest(tmp_path / "a" / "checkpoints")
    recipe = (tmp_path / "a" / "recipe.toml").read_text()
    (tmp_path / "a" / "recipe.toml").write_text(recipe.replace("lr = 0.002", "lr = 1e38"))
    with pytest.raises(
        Halted, match=r"not finite .* first bad tensor: players\..*the last good checkpoint is .*000000128"
    ):
        sparring.resume(tmp_path / "a", images=6400)
    assert checkpoint.latest(tmp_path / "a" / "checkpoints") == good
    assert good is not None
    checkpoint.load(good)
    assert sparring.load(tmp_path / "a").sample(1).shape == (1, 8, 8, 1)
    assert "halted" in (tmp_path / "a" / "report.html").read_text()


def test_retention_keeps_the_last_two_and_every_milestone(tmp_path: Path) -> None:
    train(tmp_path, "record.checkpoint_seconds=1e-9", "record.keep_every=100")
    kept = [int(place.name) for place in checkpoint.finished(tmp_path / "a" / "checkpoints")]
    assert kept == [128, 224, 288, 320]


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "pwned",))

    train(tmp_path)
    place = tmp_path / "a" / "checkpoints" / "000000320"
    whole = (place / "state.pt").read_bytes()
    buffer = io.BytesIO()
    torch.save({"step": Evil()}, buffer)
    listed = io.BytesIO()
    torch.save([1, 2], listed)
    for content in (pickle.dumps(Evil()), buffer.getvalue(), listed.getvalue(), b"", whole[: len(whole) // 2]):
        (place / "state.pt").write_bytes(content)
        meta = json.loads((place / "meta.json").read_text())
        meta.pop(checkpoint.CHECKSUM, None)
        meta["sha256"]["state.pt"] = files.sha256(place / "state.pt")
        (place / "meta.json").write_text(json.dumps(meta))
        with pytest.raises(SparringError, match=r"state\.pt is (refused|damaged)|cannot read checkpoint") as caught:
            sparring.resume(tmp_path / "a", images=640)
        assert "weights_only" not in str(caught.value)
        assert not (tmp_path / "pwned").exists()


def test_checkpoints_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("999999999", "1000000000"):
        (tmp_path / name).mkdir()
        (tmp_path / name / checkpoint.META).touch()
    (tmp_path / "1000000000 (copy)").mkdir()  # by hand
    assert [place.name for place in checkpoint.finished(tmp_path)] == ["999999999", "1000000000"]


def test_what_a_kill_left_half_written_is_swept_up(tmp_path: Path) -> None:
    train(tmp_path)
    run = tmp_path / "a"
    (run / "checkpoints" / ".000000320.abcd.part").mkdir()
    (run / "samples" / ".000000320.png.abcd.part").touch()
    sparring.resume(run, images=352)
    assert not list(run.rglob("*.part"))


def test_a_run_from_a_set_on_disk_resumes_to_the_same_weights(tmp_path: Path) -> None:
    disk = ("data.memory_gb=0", "data.workers=1")
    train(tmp_path, name="memory")
    train(tmp_path, *disk, name="short", images=160)
    sparring.resume(tmp_path / "short", images=320)
    assert weights(tmp_path / "short") == weights(tmp_path / "memory")


def test_a_new_budget_is_checked_before_it_is_written(tmp_path: Path) -> None:
    train(tmp_path)
    recipe = (tmp_path / "a" / "recipe.toml").read_text()
    for budget in ({"images": 0}, {"minutes": float("inf")}):
        with pytest.raises(UsageError):
            sparring.resume(tmp_path / "a", **budget)
    assert (tmp_path / "a" / "recipe.toml").read_text() == recipe
    (tmp_path / "a" / "recipe.toml").write_text(recipe.replace("width", "widht"))
    with pytest.raises(SparringError, match=r"recipe\.toml: game\.widht: unknown key, did you mean 'width'"):
        sparring.resume(tmp_path / "a")


def test_a_resumed_run_uses_the_threads_it_began_with(tmp_path: Path) -> None:
    train(tmp_path)
    path = tmp_path / "a" / "environment.json"
    path.write_text(path.read_text().replace('"torch": "', '"torch": "0.'))
    watcher = Watcher(NEVER)
    torch.set_num_threads(2)
    sparring.resume(tmp_path / "a", images=352, observer=watcher)
    assert torch.get_num_threads() == 1
    assert any("the run began with torch 0." in said for said in watcher.said)


def test_a_single_picture_cannot_be_normalised_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch_size=1: batch norm needs at least two"):
        sparring.train("dcgan", "batch_size=1", data="digits", runs=tmp_path, name="a", images=4)


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path) -> None:
    train(tmp_path, name="good")
    train(tmp_path, name="bad")
    (tmp_path / "bad" / "recipe.toml").write_text("nonsense")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "recipe.toml").touch()
    with (tmp_path / "good" / "events.jsonl").open("a") as file:
        file.write('{"event": "resu')  # cut off
    (tmp_path / "good" / "samples" / "best.png").touch()
    assert [(line.name, line.state) for line in overview(tmp_path)] == [("bad", "damaged"), ("good", "finished")]
    sparring.resume(tmp_path / "good", images=352)
    assert [event["event"] for event in folder.Run(tmp_path / "good").events()][-2:] == ["resumed", "finished"]


def test_private_stays_private(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        train(tmp_path)
    finally:
        os.umask(before)
    assert not [path for path in (tmp_path / "a").rglob("*") if path.stat().st_mode & 0o077]


def test_changed_pictures_are_noticed(tmp_path: Path) -> None:
    data = tmp_path / "own.npy"
    np.save(data, np.zeros((64, 8, 8), np.uint8))
    sparring.train("gan", *TINY, data=data, runs=tmp_path, name="a", images=64)
    np.save(data, np.ones((64, 8, 8), np.uint8))
    with pytest.raises(SparringError, match=r"own\.npy changed since"):
        sparring.resume(tmp_path / "a", images=128)


def test_a_run_finds_its_pictures_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "own.npy", np.zeros((64, 8, 8), np.uint8))
    monkeypatch.chdir(tmp_path)
    sparring.train("gan", *TINY, data="own.npy", runs="r", name="a", images=64)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert sparring.resume("../r/a", images=128).images == 128


def test_a_taken_name_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(UsageError, match=r"exists: take another --name.*sparring resume"):
        sparring.train("gan", data="no such data", runs=tmp_path, name="a")


@pytest.mark.parametrize("name", ["a/b", "../a", ".hidden", ".."])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not the name of a folder"):
        train(tmp_path, name=name)


def test_nothing_is_left_behind_by_a_run_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 pictures, fewer than a batch of 32"):
        np.save(tmp_path / "few.npy", np.zeros((2, 8, 8), np.uint8))
        sparring.train("gan", *TINY, data=tmp_path / "few.npy", runs=tmp_path / "runs", name="a", images=64)
    assert not (tmp_path / "runs").exists()


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no device 'nonsense'"):
        train(tmp_path, "device=nonsense")
    assert not (tmp_path / "a").exists()


def test_the_report_is_one_file_that_needs_no_network(tmp_path: Path) -> None:
    train(tmp_path, name="a<b>&c")
    page = (tmp_path / "a<b>&c" / "report.html").read_text()
    assert "a&lt;b&gt;&amp;c" in page
    assert "<b>&c" not in page.replace("</b>", "")
    assert page.count("data:image/png;base64,") == 5  # the newest, and four over time
    assert page.count("<svg") == 3
    links = re.findall(r"""(?:src|href)=["']([^"']{0,40})""", page)
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "sparring.load" in page
    for key in ("recipe.toml", "data fingerprint", "discriminator.real", "width = 4"):
        assert key in page


def test_points_are_drawn_and_shipped(tmp_path: Path) -> None:
    outcome = sparring.train("gan", "batch_size=32", data="ring8", runs=tmp_path, name="ring", images=320)
    points = sparring.load(outcome.folder).sample(100)
    assert points.shape == (100, 1, 1, 2)
    assert points.dtype == np.float32
    card = (Path(outcome.folder) / "model" / "README.md").read_text()
    assert "float32 [16, 1, 1, 2]" in card


def test_overview_and_comparison(tmp_path: Path) -> None:
    train(tmp_path, name="a")
    train(tmp_path, "optimizer.lr=1e-3", name="b")
    lines = overview(tmp_path)
    assert [(line.name, line.images, line.state) for line in lines] == [("a", 320, "finished"), ("b", 320, "finished")]
    rows = differing(facts(folder.Run(tmp_path / "a")), facts(folder.Run(tmp_path / "b")))
    assert ("optimizer.lr", 0.002, 0.001) in rows
    assert not any(name.startswith("game.") for name, _, _ in rows)


def test_find_suggests(tmp_path: Path) -> None:
    train(tmp_path, name="digits-one")
    with pytest.raises(UsageError, match="did you mean 'digits-one'"):
        folder.find(tmp_path / "digits-onr")
    with pytest.raises(UsageError, match="is not a run"):
        folder.find(tmp_path)


def test_preview_counts(tmp_path: Path) -> None:
    found = preview(prepare(resolve("gan", TINY, data="digits", images=64), "x", Silent()))
    generator = 5 * 4 + 4 + 4 * 8 + 8 + 8 * 16 + 16 + 16 * 64 + 64
    discriminator = 64 * 16 + 16 + 16 * 8 + 8 + 8 * 4 + 4 + 4 + 1
    assert found.parameters == {"generator": generator, "discriminator": discriminator}
    total = 4 * (generator + discriminator)
    assert found.memory["weights"] == found.memory["gradients"] == total
    assert found.memory["average"] == 4 * generator
    assert found.memory["optimisers"] == pytest.approx(2 * total, rel=0.05)
    assert found.memory["activations of a batch of 32"] > 32 * 64 * 4
    assert found.memory["pictures"] == 1797 * 64


def test_marks_show_what_somebody_chose() -> None:
    chosen = {line for line, differs in marked(resolve("gan", ["game.width=48"], data="digits")) if differs}
    assert {"width = 48", "lr = 0.002"} <= chosen
    assert "latent = 100" not in chosen
