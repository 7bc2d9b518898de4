"""Kills, damage and full disks: the newest whole checkpoint is used, which is said, and the weights are the same."""

import json
import os
import shutil
from errno import EROFS
from pathlib import Path
from typing import Any

import pytest

import sparring
from sparring import files
from sparring.doctor.course import Course
from sparring.doctor.verdicts import Finding
from sparring.errors import SparringError
from sparring.runs import checkpoint, checkup, recovery
from sparring.runs.folder import Run
from tests.runs.harming import DAMAGES, assert_pointers_hold, before_every_change, fingerprint, flip, full_disk
from tests.runs.interrupting import NEVER, Watcher

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=64", "record.samples=64"]
SAVES = ["record.checkpoint_seconds=1e-9", "guard=off"]
FILES = (checkpoint.GAME, checkpoint.AVERAGE, checkpoint.STATE, checkpoint.META)


def train(runs: Path, *settings: str, name: str = "a", images: int = 192, **more: Any) -> Path:
    outcome = sparring.train("gan", *TINY, *settings, data="digits", runs=runs, name=name, images=images, **more)
    return Path(outcome.folder)


def weights(run: Path) -> str:
    return files.sha256(run / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 192 images that nothing happened to."""
    return train(tmp_path_factory.mktemp("whole"), *SAVES)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after 128 images, with checkpoints at 32, 64, 96 and 128."""
    return train(tmp_path_factory.mktemp("short"), *SAVES, "record.keep_every=32", images=128)


@pytest.fixture
def run(short: Path, tmp_path: Path) -> Path:
    """A copy of it to be harmed."""
    return Path(shutil.copytree(short, tmp_path / "a"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_the_newest_whole_checkpoint_is_gone_on_from(damage: Any, name: str, run: Path, whole: Path) -> None:
    place = run / "checkpoints" / "000000128"
    damage(place / name)
    watcher = Watcher(NEVER)
    sparring.resume(run, images=192, observer=watcher)
    (said,) = [text for text in watcher.said if "put aside" in text]
    assert str(place / name) in said and "\n" not in said
    assert any(text.endswith("000000096") for text in watcher.said)
    assert weights(run) == weights(whole)
    assert (run / "checkpoints" / "damaged-000000128").is_dir()
    assert_pointers_hold(run)
    assert json.loads((run / "latest.json").read_text())["images"] == 192
    assert [row["images"] for row in Run(run).rows()] == [64, 128, 192]
    assert "damaged at 128 images" in (run / "report.html").read_text()


def test_every_damaged_one_is_passed_over(run: Path, whole: Path) -> None:
    for name, file in (("000000128", checkpoint.STATE), ("000000096", checkpoint.META), ("000000064", checkpoint.GAME)):
        flip(run / "checkpoints" / name / file)
    watcher = Watcher(NEVER)
    sparring.resume(run, images=192, observer=watcher)
    assert sum("put aside" in text for text in watcher.said) == 3
    assert any(text.endswith("000000032") for text in watcher.said)
    assert weights(run) == weights(whole)


def test_a_second_damage_at_the_same_place_replaces_what_was_put_aside(run: Path, whole: Path) -> None:
    for images in (None, 192):
        flip(run / "checkpoints" / "000000128" / checkpoint.STATE)
        sparring.resume(run, images=images)
    assert weights(run) == weights(whole)


def test_without_a_whole_one_nothing_is_changed(run: Path, whole: Path) -> None:
    for place in (run / "checkpoints").iterdir():
        flip(place / checkpoint.AVERAGE)
    before = fingerprint(run)
    with pytest.raises(
        SparringError, match=r"no checkpoint of .*000000128.*average\.safetensors fails.*start over"
    ) as e:
        sparring.resume(run, images=192)
    assert "\n" not in str(e.value)
    assert fingerprint(run) == before
    files.remove(run / "checkpoints")  # as it says
    sparring.resume(run, images=192)
    assert weights(run) == weights(whole)


def test_a_flip_of_any_byte_is_noticed(run: Path) -> None:
    place = run / "checkpoints" / "000000128"
    for name in FILES:
        content = (place / name).read_bytes()
        for position in range(0, len(content), 1 if name == checkpoint.META else len(content) // 20):
            flipped = bytearray(content)
            flipped[position] ^= 1
            (place / name).write_bytes(flipped)
            with pytest.raises(checkpoint.Damaged, match=name):
                checkpoint.check(place)
        (place / name).write_bytes(content)
    checkpoint.check(place)


def test_a_checkpoint_of_before_its_description_had_a_checksum(run: Path) -> None:
    path = run / "checkpoints" / "000000128" / checkpoint.META
    meta = json.loads(path.read_text())
    del meta[checkpoint.CHECKSUM]
    path.write_text(json.dumps(meta))
    checkpoint.load(path.parent)


def test_another_format_is_no_damage(run: Path) -> None:
    path = run / "checkpoints" / "000000128" / checkpoint.META
    path.write_text(json.dumps({"format": 2, "sparring": "9.0"}))
    with pytest.raises(SparringError, match=r"format 2, this version of Sparring reads 1: use the one .* 9\.0"):
        sparring.resume(run, images=192)
    assert path.exists()


@pytest.mark.parametrize("best", ["000000064", "000000128", "000000031"])
def test_the_best_is_never_a_damaged_one(best: str, run: Path) -> None:
    (run / "best.json").write_text(json.dumps({"checkpoint": best, "images": int(best), "metric": "fd", "value": 1.0}))
    if (run / "checkpoints" / best).exists():
        flip(run / "checkpoints" / best / checkpoint.STATE)
    sparring.resume(run)
    assert not (run / "best.json").exists()
    assert (run / "checkpoints" / f"damaged-{best}").exists() == (best != "000000031")
    assert_pointers_hold(run)


def test_pointers_hold_before_every_change(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        if (tmp_path / "a").exists():
            assert_pointers_hold(tmp_path / "a")
            seen.append(fingerprint(tmp_path / "a"))

    with before_every_change(look):
        train(tmp_path, *SAVES, images=160)
        sparring.resume(tmp_path / "a", images=192)
    assert len(seen) > 100


def test_a_resume_that_is_killed_while_it_puts_aside(run: Path, whole: Path, tmp_path: Path) -> None:
    (run / "best.json").write_text(json.dumps({"checkpoint": "000000128", "images": 128, "metric": "fd", "value": 1.0}))
    flip(run / "checkpoints" / "000000128" / checkpoint.STATE)
    moments: list[Path] = []

    def copy() -> None:
        moments.append(Path(shutil.copytree(run, tmp_path / f"killed-{len(moments)}")))

    with before_every_change(copy):
        recovery.newest(Run(run), print)
    images = [json.loads((path / "latest.json").read_text())["images"] for path in moments]
    turned = images.index(96)  # before, it pointed to what the disk has damaged
    assert set(images[turned:]) == {96} and len(images[turned:]) > 2
    assert not any((path / "best.json").exists() for path in moments[turned:])
    for path in (moments[turned - 1], moments[turned]):
        sparring.resume(path, images=192)
        assert weights(path) == weights(whole)
        assert_pointers_hold(path)


@pytest.mark.parametrize("harmed", ["best", "all"])
def test_going_back_passes_over_damaged_ones(harmed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Path] = []

    def diagnose(course: Course) -> list[Finding]:
        if places or not len(course) or course.images[-1] != 192:
            return []
        saved = checkpoint.finished(tmp_path / "a" / "checkpoints")
        best = checkpoint.best(tmp_path / "a" / "checkpoints")
        assert best is not None
        places.extend(saved if harmed == "all" else [saved[0].with_name(best["checkpoint"])])
        for place in places:
            flip(place / checkpoint.AVERAGE)
        return [Finding("diverging", 192, {}, "they are all the same")]

    monkeypatch.setattr(checkup, "SHARE", 1e9)  # looks cost more than these runs take
    monkeypatch.setattr(checkup, "diagnose", diagnose)
    watcher = Watcher(NEVER)
    settings = ("record.checkpoint_seconds=1e-9", "guard=rollback", "record.keep_every=32")
    train(tmp_path, *settings, images=224, observer=watcher)
    (back,) = [event for event in Run(tmp_path / "a").events() if event["event"] == "rollback"]
    newest = "000000128" if places[0].name == "000000160" else "000000160"
    assert back["images"] == (0 if harmed == "all" else int(newest))
    assert sum("put aside" in text for text in watcher.said) == len(places)
    assert Run(tmp_path / "a").state()["event"] == "finished"
    assert_pointers_hold(tmp_path / "a")


@pytest.mark.slow
def test_killed_before_any_change_it_goes_on_to_the_same_weights(tmp_path: Path, whole: Path) -> None:
    moments: dict[str, Path] = {}

    def copy() -> None:
        path = tmp_path / "runs" / "a"
        key = json.dumps(fingerprint(path))
        if path.exists() and key not in moments:
            moments[key] = Path(shutil.copytree(path, tmp_path / f"killed-{len(moments)}"))

    with before_every_change(copy):
        train(tmp_path / "runs", *SAVES)
    assert len(moments) > 50
    for path in moments.values():
        sparring.resume(path)
        assert weights(path) == weights(whole), path
        shutil.rmtree(path)


WRITTEN = [
    *("events.jsonl", "metrics.jsonl", ".000000192.png", *(f".{name}" for name in FILES), ".latest.json"),
    *(".config.json", ".README.md", ".report.html", ".recipe.toml"),
]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_full_disk_keeps_what_was_there(name: str, run: Path, whole: Path) -> None:
    watcher = Watcher(NEVER)
    with full_disk(lambda path: path.name.startswith(name)), pytest.raises(SparringError) as caught:
        sparring.resume(run, images=192, observer=watcher)
    message = str(caught.value)
    assert name.lstrip(".") in message and "\n" not in message
    assert message.endswith("No space left on device; free some space")
    assert_pointers_hold(run)
    assert not list(run.rglob("*.part"))
    sparring.resume(run, images=192)
    assert weights(run) == weights(whole)
    assert [row["images"] for row in Run(run).rows()] == [64, 128, 192]


@pytest.mark.parametrize("name", ["environment.json", "events.jsonl", ".000000000.png", ".recipe.toml"])
def test_a_disk_that_is_full_from_the_start_leaves_nothing(name: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with full_disk(lambda path: name in path.name), pytest.raises(SparringError, match="free some space"):
        train(runs)
    assert not list(runs.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(
    run: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise OSError(EROFS, "Read-only file system")

    before = fingerprint(run)
    calls = [(os, "fsync"), (Path, "mkdir"), (Path, "rename"), (Path, "replace"), (Path, "unlink")]
    for owner, call in calls:
        with monkeypatch.context() as patch:
            patch.setattr(owner, call, refused)
            with pytest.raises(SparringError, match=r"cannot write .*: Read-only file system; choose another place"):
                sparring.resume(run, images=192)
        assert_pointers_hold(run)
    with monkeypatch.context() as patch:
        patch.setattr("filelock._unix.os.open", refused)
        with pytest.raises(SparringError, match=r"cannot write .*: Read-only file system; choose another place"):
            sparring.resume(run, images=192)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refused)
        with pytest.raises(SparringError, match=r"cannot write .*: Read-only file system; choose another place"):
            train(tmp_path / "new")
    assert set(before) <= set(fingerprint(run))
    sparring.resume(run, images=192)
    assert weights(run) == weights(whole)
