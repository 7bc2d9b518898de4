"""What is odd about a set as a whole is said, and what is not odd is not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring.data import alike, suspect
from sparring.data.alike import thumbnail
from sparring.data.check import inspect
from sparring.data.suspect import Finding

Save = Callable[..., Path]


def found(path: Path, kind: str) -> list[Finding]:
    return [one for one in inspect(str(path)).findings if one.kind == kind]


def drawing(seed: int, side: int = 64) -> Image.Image:
    """Smooth blobs of colour, as photographs have and noise has not."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


def drawings(folder: Path, seeds: range) -> None:
    folder.mkdir(parents=True)
    for seed in seeds:
        drawing(seed).save(folder / f"{seed}.png")


def test_a_picture_saved_again_brighter_or_smaller_is_found(tmp_path: Path) -> None:
    drawings(tmp_path / "set", range(8))
    drawing(3).save(tmp_path / "set/again.jpg", quality=75)
    drawing(4).point(lambda value: value // 2 + 60).save(tmp_path / "set/bright.png")
    drawing(5).resize((40, 40)).save(tmp_path / "set/small.png")
    shutil.copy(tmp_path / "set/6.png", tmp_path / "set/copy.png")
    near = {one.name: one.detail for one in found(tmp_path / "set", "near-duplicate")}
    # of each pair the one that comes later by name
    assert {name: detail.split()[1] for name, detail in near.items()} == {
        "again.jpg": "3.png",
        "bright.png": "4.png",
        "small.png": "5.png",
    }
    assert [one.name for one in found(tmp_path / "set", "duplicate")] == ["copy.png"]


def test_different_pictures_and_flat_ones_are_not_alike(tmp_path: Path) -> None:
    drawings(tmp_path / "set", range(20))
    for grey in (10, 200):
        Image.new("RGB", (64, 64), (grey, grey, grey)).save(tmp_path / f"set/flat{grey}.png")
    assert found(tmp_path / "set", "near-duplicate") == []


@pytest.mark.parametrize("shape", [(8, 8, 1), (17, 40, 3), (3, 3, 5)])
def test_a_thumbnail_has_length_1_whatever_the_picture(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    direction = thumbnail(pixels)
    assert direction.shape == (256 * min(3, shape[2]),)
    assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-5)
    assert thumbnail(pixels.astype(np.uint16) * 257) @ direction == pytest.approx(1, abs=1e-5)


def test_blocks_of_the_search_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(3000, 8)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    table[2500] = table[7]
    table[1030] = table[1029]
    pairs = list(alike.near_duplicates(table, None, "x", lambda text: None))
    assert [(number, other) for number, other, _ in pairs] == [(1030, 1029), (2500, 7)]
    (one,) = alike.near_duplicates(table[7:8], table[8:], "x", lambda text: None)
    assert one[:2] == (0, 2500 - 8)


def test_test_pictures_among_the_training_pictures(tmp_path: Path) -> None:
    drawings(tmp_path / "set/train/cat", range(6))
    drawings(tmp_path / "set/test/cat", range(10, 13))
    shutil.copy(tmp_path / "set/train/cat/2.png", tmp_path / "set/test/cat/leak.png")
    drawing(3).save(tmp_path / "set/test/cat/near.jpg", quality=80)
    leaks = {one.name: one.detail for one in found(tmp_path / "set", "leak")}
    assert set(leaks) == {"test/cat/leak.png", "test/cat/near.jpg"} or set(leaks) == {"cat/leak.png", "cat/near.jpg"}
    assert sorted("same pixels" in detail for detail in leaks.values()) == [False, True]


def test_a_class_that_is_rare(tmp_path: Path, save: Save) -> None:
    for seed in range(33):
        save(tmp_path / ("cat" if seed < 30 else "dog") / f"{seed}.png", seed=seed)
    assert found(tmp_path, "imbalance") == []
    (tmp_path / "dog/32.png").unlink()
    assert [(one.name, one.detail[:10]) for one in found(tmp_path, "imbalance")] == [("dog", "2 pictures")]


def test_a_channel_that_says_nothing(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), np.uint8)
    np.save(tmp_path / "fine.npy", pixels)
    pixels[..., 1] = 128
    np.save(tmp_path / "set.npy", pixels)
    assert found(tmp_path / "fine.npy", "channel") == []
    (one,) = found(tmp_path / "set.npy", "channel")
    assert one.detail == "channel 2 of 3 is 0.50 of its range nearly everywhere"


def test_transparency_is_said_once(tmp_path: Path, save: Save) -> None:
    for seed in range(4):
        save(tmp_path / f"{seed}.png", seed=seed)
    assert found(tmp_path, "alpha") == []
    for seed in range(2):
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 4), np.uint8)).save(
            tmp_path / f"a{seed}.png"
        )
    (one,) = found(tmp_path, "alpha")
    assert one.detail.startswith("2 of 6 pictures")
    assert not one.fatal


def test_names_without_a_partner(tmp_path: Path, save: Save) -> None:
    for seed, name in enumerate(["A/1", "A/2", "A/3", "B/1", "B/2", "B/4"]):
        save(tmp_path / f"{name}.png", seed=seed)
    assert {one.name for one in found(tmp_path, "unpaired")} == {"A/3.png", "B/4.png"}
    for folder in ("A", "B"):
        (tmp_path / folder).rename(tmp_path / f"test{folder}")
        shutil.copytree(tmp_path / f"test{folder}", tmp_path / f"train{folder}")
    (tmp_path / "trainB" / "2.png").unlink()
    names = {"testA/3.png", "testB/4.png", "trainA/3.png", "trainB/4.png", "trainA/2.png"}
    assert {one.name for one in found(tmp_path, "unpaired")} == names


def test_sets_that_were_never_meant_to_pair(tmp_path: Path, save: Save) -> None:
    for seed, name in enumerate(["A/1", "A/2", "A/3", "B/7", "B/8", "B/3"]):
        save(tmp_path / f"{name}.png", seed=seed)
    assert found(tmp_path, "unpaired") == []


def test_a_set_that_is_too_large_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings(tmp_path / "set", range(4))
    shutil.copy(tmp_path / "set/0.png", tmp_path / "set/9.png")
    monkeypatch.setattr(suspect, "MOST", 4)
    said: list[str] = []
    report = inspect(str(tmp_path / "set"), announce=said.append)
    assert any("not searched for near-duplicates" in line for line in said)
    assert [one.kind for one in report.findings] == ["duplicate"]
