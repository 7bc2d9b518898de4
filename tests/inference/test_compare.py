"""What goes in, what comes out and what should have, side by side."""

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.picture_to_picture import Translation
from sparring.inference.compare import GAP, Compare, targets
from sparring.inference.jobs import plan
from sparring.inference.translate_files import run

SPEC = Spec.model_validate({"channels": 3, "height": 16, "width": 16})


class Negative(nn.Module):
    """Light becomes dark."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(-torch.ones(()))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.weight


NEGATIVE = Translation(Negative(), SPEC.model_copy(update={"inputs": SPEC}))


def save(path: Path, seed: int = 0, size: tuple[int, int] = (9, 14)) -> NDArray[np.uint8]:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def compared(inputs: list[Path], out: Path, true: Path | None = None) -> tuple[int, tuple[str, ...]]:
    beside = Compare(None if true is None else targets(true))
    done = run(NEGATIVE, plan(inputs, out, beside=beside), lambda text: None, beside=beside)
    return done.written, done.skipped


def parts(path: Path, count: int) -> list[NDArray[np.uint8]]:
    """The pictures of a row, and that what lies between is white."""
    whole = np.asarray(Image.open(path))
    width = (whole.shape[1] - GAP * (count - 1)) // count
    assert all((whole[:, at * (width + GAP) - GAP : at * (width + GAP)] == 255).all() for at in range(1, count))
    return [whole[:, at * (width + GAP) :][:, :width] for at in range(count)]


def test_input_and_output(tmp_path: Path) -> None:
    pixels = save(tmp_path / "a.png")
    assert compared([tmp_path / "a.png"], tmp_path / "b.png") == (1, ())
    left, right = parts(tmp_path / "b.png", 2)
    assert np.array_equal(left, pixels) and np.array_equal(right, 255 - pixels)


def test_the_target_stands_on_the_right(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    true = save(tmp_path / "true.bmp", 1)
    assert compared([tmp_path / "a.png"], tmp_path / "b.png", tmp_path / "true.bmp") == (1, ())
    assert np.array_equal(parts(tmp_path / "b.png", 3)[2], true)


def test_a_folder_with_partners_of_the_same_name(tmp_path: Path) -> None:
    save(tmp_path / "in/x/a.png")
    save(tmp_path / "in/b.png", 1)
    save(tmp_path / "in/c.png", 2)
    true = save(tmp_path / "true/x/a.bmp", 3)
    save(tmp_path / "true/c.png", 4, (10, 14))
    written, skipped = compared([tmp_path / "in"], tmp_path / "out", tmp_path / "true")
    assert written == 1 and np.array_equal(parts(tmp_path / "out/x/a.png", 3)[2], true)
    assert "b.png: no true picture for it in" in skipped[0] and "no picture is called b" in skipped[0]
    assert "c.png: pictures of 14x9 and 14x10 cannot stand side by side" in skipped[1]
    save(tmp_path / "true/b.png", 5)
    save(tmp_path / "true/b.bmp", 5)
    (tmp_path / "true/c.png").write_bytes(b"")
    _, skipped = compared([tmp_path / "in"], tmp_path / "out", tmp_path / "true")
    assert "b.bmp, b.png all have its name" in skipped[0]
    assert "its true picture c.png" in skipped[1] and "the file is empty" in skipped[1]
    with ZipFile(tmp_path / "true.zip", "w") as archive:
        archive.write(tmp_path / "true/x/a.bmp", "a.bmp")
    assert compared([tmp_path / "in/x/a.png"], tmp_path / "z.png", tmp_path / "true.zip") == (1, ())


def test_arrays_become_pictures_to_look_at(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    deep = np.random.default_rng(0).integers(0, 65536, (9, 14, 3), np.uint16)
    np.save(tmp_path / "in/a.npy", deep)
    assert compared([tmp_path / "in"], tmp_path / "out") == (1, ())
    assert np.array_equal(parts(tmp_path / "out/a.npy.png", 2)[0], deep >> 8)


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png")
    save(tmp_path / "in/b.png")
    save(tmp_path / "true/a.png")
    with pytest.raises(UsageError, match="no true pictures there"):
        targets(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no true pictures there"):
        targets(tmp_path / "empty")
    with pytest.raises(UsageError, match="one picture, and several are to be translated"):
        compared([tmp_path / "in"], tmp_path / "out", tmp_path / "true/a.png")
    with pytest.raises(UsageError, match="would be written over"):
        compared([tmp_path / "in"], tmp_path / "true", tmp_path / "true")
    with pytest.raises(UsageError, match="would be written over"):
        compared([tmp_path / "in/b.png"], tmp_path / "true/a.png", tmp_path / "true/a.png")
