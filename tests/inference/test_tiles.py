"""A picture in tiles is the picture whole."""

import shutil
import weakref
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sparring import translators
from sparring.data import parallel
from sparring.data.spec import Spec
from sparring.errors import SparringError
from sparring.games.picture_to_picture import Translation, telling
from sparring.inference import tiles, translate
from sparring.inference.reach import reach
from sparring.inference.stages import Stage, bytes_of
from sparring.nn.framing import framed
from sparring.nn.instance import InstanceNorm
from sparring.translators.staged import Part, Staged

SPEC = Spec(channels=3, height=32, width=32, inputs=Spec(channels=2, height=32, width=32))


def network(name: str, norm: str = "instance", upsampling: str = "resize", told: int = 0) -> Staged:
    torch.manual_seed(0)
    made = translators.translator(name, SPEC, width=4, norm=norm, upsampling=upsampling, told=told)  # type: ignore[arg-type]
    assert isinstance(made, Staged)
    if norm == "batch":
        made.train()(torch.randn(8, 2, 32, 32) * 2 + 1)
    return made.eval().requires_grad_(False)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the inner stages of so small pictures would be one tile."""
    monkeypatch.setattr(tiles, "LEAST", 8)


def in_tiles(made: Staged, pictures: Tensor, size: int = 64) -> Tensor:
    found = torch.full((1, 3, *pictures.shape[2:]), torch.nan)

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        assert bool(found[:, :, rows, columns].isnan().all())  # every pixel is written once
        found[:, :, rows, columns] = part

    tiles.translate(
        made,
        lambda rows, columns: pictures[:, :, rows, columns],
        write,
        (pictures.shape[2], pictures.shape[3]),
        lambda text: None,
        tile=size,
    )
    return found


@pytest.mark.parametrize("name", ["unet", "residual", "coarse-to-fine"])
@pytest.mark.parametrize(
    ("norm", "upsampling"), [("instance", "resize"), ("instance", "transposed"), ("batch", "resize")]
)
def test_tiles_make_the_whole(name: str, norm: str, upsampling: str) -> None:
    made = network(name, norm, upsampling)
    # brightness that changes over the picture, so that every tile has statistics of its own
    pictures = (torch.randn(1, 2, 256, 200) * 0.3 + torch.linspace(-1, 1, 256)[:, None]).clamp(-1, 1)
    whole = made(pictures)
    assert float((in_tiles(made, pictures) - whole).abs().max()) < 1e-4
    assert torch.equal(made(pictures), whole)  # nothing is left behind
    assert all(one.known is None for one in made.modules() if isinstance(one, InstanceNorm))


@pytest.mark.parametrize("name", ["unet", "residual", "coarse-to-fine"])
@pytest.mark.parametrize("norm", ["instance", "none"])
def test_tiles_are_told_what_the_whole_is(name: str, norm: str) -> None:
    made = network(name, norm, told=2)
    for module in made.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.3)
            nn.init.normal_(module.bias)  # gains below nothing among them
    pictures = (torch.randn(1, 2, 256, 200) * 0.3 + torch.linspace(-1, 1, 256)[:, None]).clamp(-1, 1)
    one, other = (telling(pictures, numbers) for numbers in torch.randn(2, 1, 2))
    assert float((made(one) - made(other)).abs().max()) > 1e-3  # the norm does not take it out
    assert float((in_tiles(made, one) - made(one)).abs().max()) < 1e-4


@pytest.mark.parametrize("name", ["unet", "residual", "coarse-to-fine"])
@pytest.mark.parametrize("upsampling", ["resize", "transposed"])
def test_margins_are_no_wider_than_they_must_be(name: str, upsampling: str) -> None:
    made = network(name, "none", upsampling)
    channels = {0: 2}
    for number, part in enumerate(made.spans(), 1):
        found = reach(part, [channels[source] for source in part.sources], 0)
        channels[number] = found.channels
        step = max(1, round(1 / found.scale))
        assert found.margin % step == 0
        shown = [torch.randn(1, channels[source], 16 * step + 4 * found.margin, 32) for source in part.sources]
        assert sides(part, shown, found.margin) < 1e-5
        assert found.margin == 0 or sides(part, shown, found.margin - step) > 1e-7


def sides(part: Part, shown: list[Tensor], margin: int) -> float:
    """How much the upper and the lower half differ from the whole, each cut with a margin."""
    whole = part(shown, None)
    middle, there = shown[0].shape[2] // 2, whole.shape[2] // 2
    upper = part([stage[:, :, : middle + margin] for stage in shown], None)[:, :, :there]
    lower = part([stage[:, :, middle - margin :] for stage in shown], None)[:, :, there - whole.shape[2] :]
    return max(float((upper - whole[:, :, :there]).abs().max()), float((lower - whole[:, :, there:]).abs().max()))


def test_statistics_of_a_tile_alone_would_show() -> None:
    made = network("unet")
    pictures = torch.cat([torch.full((1, 2, 128, 64), -0.9), torch.rand(1, 2, 128, 64)], 3)
    parts = torch.cat([made(pictures[..., :64]), made(pictures[..., 64:])], 3)
    assert float((parts - made(pictures)).abs().max()) > 0.05


@pytest.mark.parametrize("bits", [8, 16])
def test_a_large_file_is_translated_as_a_small_one(bits: int) -> None:
    spec = SPEC.model_copy(update={"bits": bits})
    product = Translation(network("unet"), spec)
    pixels = np.random.default_rng(0).integers(0, 2**bits, (517, 703, 2)).astype(np.uint8 if bits == 8 else np.uint16)
    whole, parts = translate.picture(product, pixels), translate.picture(product, pixels, whole=100)
    assert parts.shape == (517, 703, 3) and parts.dtype == whole.dtype
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 1


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.zeros((200, 300, 2), np.uint8)
    with monkeypatch.context() as there:
        there.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
        with pytest.raises(SparringError, match=r"0\.0 GB are needed .*make room, or translate to another disk"):
            translate.picture(Translation(network("unet"), SPEC), pixels, whole=100, folder=tmp_path)
    stage = Stage(3, (8, 8), tmp_path)

    def full(place: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stage, "_file", SimpleNamespace(seek=full))
    with pytest.raises(SparringError, match=r"No space left on device: .*make room"):
        stage.write(slice(0, 8), slice(0, 8), torch.zeros(1, 3, 8, 8))


def test_it_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_SECONDS_BETWEEN", -1.0)
    said: list[str] = []
    made = network("unet")
    translate.picture(Translation(made, SPEC), np.zeros((100, 600, 2), np.uint8), say=said.append, whole=100)
    planned = tiles.spans(made, 2, framed((100, 600), made.multiple))
    total = sum(len(span.pieces) * (1 + len(span.norms)) for span in planned)
    assert said == [f"tiles: {done:,} of {total:,}" for done in range(1, total + 1)]


@pytest.mark.parametrize("name", ["unet", "residual", "coarse-to-fine"])
def test_what_is_needed_on_the_disk_is_known_before(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, most, asked = set[Path](), list[int](), list[int]()

    class Counted(Stage):
        def __init__(self, channels: int, size: tuple[int, int], folder: Path) -> None:
            super().__init__(channels, size, folder)
            place = tmp_path / str(len(most))
            kept.add(place)
            place.write_bytes(bytes(bytes_of(channels, size)))
            most.append(sum(path.stat().st_size for path in kept))
            weakref.finalize(self, kept.discard, place)

    monkeypatch.setattr(tiles, "Stage", Counted)
    monkeypatch.setattr(tiles, "check_room", lambda folder, needed: asked.append(needed))
    translate.picture(Translation(network(name), SPEC), np.zeros((200, 300, 2), np.uint8), whole=100, folder=tmp_path)
    assert asked == [max(most)]


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_behind(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[Any] = []

    class Noted(Stage):
        def __init__(self, channels: int, size: tuple[int, int], folder: Path) -> None:
            super().__init__(channels, size, folder)
            files.append(self._file)

        def write(self, rows: slice, columns: slice, part: Tensor) -> None:
            if fails and len(files) > 2:
                raise SparringError("the disk is full")
            super().write(rows, columns, part)

    monkeypatch.setattr(tiles, "Stage", Noted)
    made, pixels = network("residual"), np.zeros((200, 300, 2), np.uint8)
    with pytest.raises(SparringError) if fails else nullcontext():
        translate.picture(Translation(made, SPEC), pixels, whole=100, folder=tmp_path)
    assert len(files) == 3 if fails else len(files) > 3
    assert all(file.closed for file in files)
    norms = [module for module in made.modules() if isinstance(module, InstanceNorm)]
    assert norms and all(norm.known is None and not norm._forward_pre_hooks for norm in norms)


def test_tiles_cover_everything_once() -> None:
    seen = np.zeros((100, 130), int)
    for tile in tiles.tiles(100, 130, 8, 32):
        seen[tile.rows, tile.columns] += 1
        assert tile.outer_rows.start == max(tile.rows.start - 8, 0)
        assert tile.outer_columns.stop == min(tile.columns.stop + 8, 130)
    assert (seen == 1).all()
