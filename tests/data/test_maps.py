"""Maps of classes: the numbers of their files, a channel for each class in a batch, and the same numbers back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from sparring.config import Data
from sparring.data import Dataset, Stream, maps
from sparring.data.batches import Paired
from sparring.data.check import inspect
from sparring.data.pairs import open_pairs
from sparring.data.spec import Map, Spec
from sparring.errors import SparringError, UsageError

VALUES = (0, 7, 255)


def numbers(seed: int, values: tuple[int, ...] = VALUES, size: int = 16) -> NDArray[np.uint16]:
    """Blocks of four pixels a side, all of the values among them."""
    rng = np.random.default_rng(seed)
    blocks = rng.permutation(np.resize(np.array(values), (size // 4) ** 2)).reshape(size // 4, size // 4)
    return np.kron(blocks, np.ones((4, 4), int)).astype(np.uint16)


def palette(pixels: NDArray[np.uint16], colours: int) -> Image.Image:
    """The same numbers, in colours that say nothing of them."""
    image = Image.fromarray(pixels.astype(np.uint8)).convert("L")
    painted = Image.frombytes("P", image.size, image.tobytes())
    painted.putpalette(np.random.default_rng(colours).integers(0, 256, 768).astype(np.uint8).tobytes())
    return painted


def fill(at: Path, kind: str = "grey", values: tuple[int, ...] = VALUES, count: int = 6, part: str = "") -> Path:
    """Photographs in A, maps in B."""
    for number in range(count):
        pixels = numbers(number, values)
        if kind == "palette":
            image = palette(pixels, number)
        else:
            image = Image.fromarray(pixels if kind == "deep" else pixels.astype(np.uint8))
        photograph = np.random.default_rng(number).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        for side, one in (("A", Image.fromarray(photograph)), ("B", image)):
            place = at / part / side / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            one.save(place)
    return at


def opened(at: Path, maps: str = "pictures", **more: object) -> Dataset:
    return open_pairs(Data.model_validate({"path": str(at), "maps": maps, **more}), aligned=True)


def batch_of(dataset: Dataset) -> Paired:
    batch = dataset.batch(np.arange(len(dataset)))
    assert isinstance(batch, Paired)
    return batch


@pytest.mark.parametrize("kind", ["grey", "palette", "deep"])
@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_each_class_has_a_channel_and_comes_back_as_its_number(kind: str, memory_gb: float, tmp_path: Path) -> None:
    dataset = opened(fill(tmp_path, kind), memory_gb=memory_gb)
    assert dataset.spec.map == Map(values=VALUES) and dataset.spec.shape == (3, 16, 16)
    assert dataset.spec.stored_channels == 1 and dataset.spec.inputs is not None and dataset.spec.inputs.map is None
    batch = batch_of(dataset)
    for row in range(len(dataset)):
        wanted = numbers(row)
        for channel, value in enumerate(VALUES):
            assert torch.equal(batch.pictures[row, channel] == 1, torch.from_numpy(wanted == value))
        assert np.unique(batch.pictures.numpy()).tolist() == [-1, 1]
    found = maps.decoded(batch.pictures, dataset.spec)
    assert found.dtype == np.uint8 and found.shape == (6, 16, 16, 1)
    assert all(np.array_equal(found[row, :, :, 0], numbers(row)) for row in range(6))


@pytest.mark.parametrize("memory_gb", [4.0, 0.0])
def test_a_stream_gives_what_the_set_has(memory_gb: float, tmp_path: Path) -> None:
    dataset = opened(fill(tmp_path), memory_gb=memory_gb, workers=0)
    stream = Stream(dataset, 4, seed=0)
    batch, same = stream.batch(0), dataset.batch(stream.indices(0))
    assert isinstance(batch, Paired) and isinstance(same, Paired)
    assert torch.equal(batch.pictures, same.pictures) and torch.equal(batch.inputs, same.inputs)


def test_a_map_that_goes_in_is_shrunk_to_the_nearest_pixel_and_changed_with_its_partner(tmp_path: Path) -> None:
    dataset = opened(fill(tmp_path), "inputs", direction="b-to-a", size=8, mirror=True, shift=3)
    assert dataset.spec.map is None and dataset.spec.inputs is not None
    assert dataset.spec.inputs.map == Map(values=VALUES) and dataset.spec.inputs.shape == (3, 8, 8)
    small = maps.decoded(batch_of(dataset).inputs, dataset.spec.inputs)
    assert all(np.array_equal(small[row, :, :, 0], numbers(row)[::2, ::2]) for row in range(6))
    changed = Stream(dataset, 6, seed=0).batch(0)
    assert isinstance(changed, Paired)
    assert torch.equal(changed.inputs.sum(1), torch.full((6, 8, 8), -1.0))  # every pixel still has one class


def test_partners_are_mirrored_and_shifted_together(tmp_path: Path) -> None:
    for number in range(6):
        pixels = numbers(number).astype(np.uint8)
        for side in "AB":
            (tmp_path / side).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / side / f"{number}.png")
    dataset = opened(tmp_path, mirror=True, shift=5)
    batch = Stream(dataset, 6, seed=1).batch(0)
    assert isinstance(batch, Paired)
    grey = torch.round((batch.inputs[:, 0] + 1) * 127.5).to(torch.int64).numpy()
    assert np.array_equal(maps.decoded(batch.pictures, dataset.spec)[:, :, :, 0], grey)
    assert not torch.equal(batch.inputs, dataset.batch(Stream(dataset, 6, seed=1).indices(0)).inputs)  # type: ignore[attr-defined]


def test_numbers_from_1000_are_instances_and_their_edges_have_a_channel(tmp_path: Path) -> None:
    fill(tmp_path, "deep", (7, 26000, 26001, 24000))
    dataset = opened(tmp_path, "inputs", direction="b-to-a")
    assert dataset.spec.inputs is not None and dataset.spec.inputs.map == Map(values=(7, 24, 26), edges=True)
    inputs = batch_of(dataset).inputs
    assert inputs.shape == (6, 4, 16, 16)
    whole = numbers(0, (7, 26000, 26001, 24000)).astype(int)
    classes = np.where(whole >= 1000, whole // 1000, whole)
    assert np.array_equal(maps.decoded(inputs, dataset.spec.inputs)[0, :, :, 0], classes)
    edges = np.zeros((16, 16), bool)
    for row in range(16):
        for column in range(16):
            for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                edges[row, column] |= 0 <= y < 16 and 0 <= x < 16 and whole[y, x] != whole[row, column]
    assert np.array_equal(inputs[0, 3].numpy(), np.where(edges, 1, -1))


def test_what_comes_out_has_classes_and_no_edges(tmp_path: Path) -> None:
    dataset = opened(fill(tmp_path, "deep", (7, 26000, 26001)))
    assert dataset.spec.map == Map(values=(7, 26)) and dataset.spec.bits == 8
    assert np.unique(maps.decoded(batch_of(dataset).pictures, dataset.spec)).tolist() == [7, 26]


def test_arrays_are_maps_too(tmp_path: Path) -> None:
    np.save(tmp_path / "maps.npy", np.stack([numbers(row, (0, 300)) for row in range(5)]))
    np.save(tmp_path / "pictures.npy", np.zeros((5, 16, 16, 3), np.uint8))
    config = {"path": str(tmp_path / "maps.npy"), "inputs": str(tmp_path / "pictures.npy"), "maps": "pictures"}
    dataset = open_pairs(Data.model_validate(config), aligned=True)
    assert dataset.spec.map == Map(values=(0, 300)) and dataset.spec.bits == 16
    found = maps.decoded(batch_of(dataset).pictures, dataset.spec)
    assert found.dtype == np.uint16 and np.array_equal(found[2, :, :, 0], numbers(2, (0, 300)))


def test_maps_may_lie_beside_grey_pictures_in_one_file(tmp_path: Path) -> None:
    for number in range(4):
        both = np.concatenate([np.full((16, 16), 9), numbers(number)], 1).astype(np.uint8)
        Image.fromarray(both).save(tmp_path / f"{number}.png")
    dataset = opened(tmp_path, pairs="beside")
    assert dataset.spec.map == Map(values=VALUES)
    assert np.array_equal(maps.decoded(batch_of(dataset).pictures, dataset.spec)[3, :, :, 0], numbers(3))


def test_the_test_part_has_the_classes_of_the_training_part(tmp_path: Path) -> None:
    fill(tmp_path, part="train")
    fill(tmp_path, values=(7, 0), part="test")
    spec = opened(tmp_path).spec
    config = Data(path=str(tmp_path), maps="pictures", split="test")
    assert open_pairs(config, aligned=True, like=spec).spec.map == spec.map
    fill(tmp_path, values=(7, 9), part="test", count=2)
    with pytest.raises(SparringError, match=r"test/B/0\.png holds class 9, .* classes 0, 7, 255 alone"):
        open_pairs(config, aligned=True, like=spec)


def test_photographs_are_no_maps(tmp_path: Path) -> None:
    fill(tmp_path / "a")
    with pytest.raises(UsageError, match=r"A/0\.png has 3 channels: save maps as grey or palette"):
        opened(tmp_path / "a", "inputs")
    for number in range(4):
        for side in "AB":
            (tmp_path / "b" / side).mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 256, (32, 32)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "b" / side / f"{number}.png")
    with pytest.raises(UsageError, match=r"hold 256 different ones, more than 200.*leave it out.*PNG"):
        opened(tmp_path / "b")
    with pytest.raises(UsageError, match="hold class 7 alone"):
        opened(fill(tmp_path / "c", values=(7,)))


@pytest.mark.parametrize(("setting", "value"), [("channels", 3), ("pairs", "edges")])
def test_settings_that_mean_nothing_for_maps_are_refused(setting: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"data\.{setting}={value}.*leave"):
        opened(fill(tmp_path), "pictures", **{setting: value})


def test_a_broken_map_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    content = (tmp_path / "B" / "3.png").read_bytes()
    (tmp_path / "B" / "3.png").write_bytes(content[: len(content) // 2])
    for memory_gb in (4.0, 0.0):
        with pytest.raises(SparringError, match=r"1 broken picture: B/3\.png"):
            opened(tmp_path, memory_gb=memory_gb)
        assert len(opened(tmp_path, memory_gb=memory_gb, skip_bad=True)) == 5


def test_a_border_that_is_padded_is_of_class_0(tmp_path: Path) -> None:
    for side in "AB":
        (tmp_path / side).mkdir()
        Image.fromarray(numbers(0, (7, 9))[:8].astype(np.uint8)).save(tmp_path / side / "1.png")
    dataset = opened(tmp_path, fit="pad", size=16)
    assert dataset.spec.map == Map(values=(0, 7, 9))


def test_sides_of_other_depths_are_not_called_odd(tmp_path: Path) -> None:
    report = inspect(str(fill(tmp_path, "deep", (0, 26000))))
    assert not report.fatal and not [one for one in report.findings if one.kind == "odd mode"]
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "B" / "3.png")
    assert inspect(str(tmp_path)).fatal


def test_a_map_that_is_given_is_checked() -> None:
    of = Map(values=(0, 26), edges=True)
    wide = np.array([[0, 26001]], np.int64)[:, :, None]
    assert maps.checked(wide, of).dtype == np.uint16
    for strange, message in (
        (np.zeros((2, 2, 3), np.uint8), "3 channels"),
        (np.zeros((2, 2, 1), np.float32), "float32"),
        (np.full((2, 2, 1), -1), "whole numbers from 0"),
        (np.full((2, 2, 1), 9, np.uint8), "holds class 9: the model was taught maps of classes 0, 26"),
    ):
        with pytest.raises(UsageError, match=message):
            maps.checked(strange, of)


def test_ordinary_pictures_are_as_they_were() -> None:
    spec = Spec(channels=3, height=4, width=4)
    stored = torch.arange(48, dtype=torch.uint8).view(1, 3, 4, 4)
    again = maps.decoded(maps.encoded(stored, spec), spec)
    assert np.array_equal(again, stored.permute(0, 2, 3, 1).numpy())
    assert "map" not in spec.model_dump(exclude_none=True)  # fingerprints of sets without maps stay what they were


def test_sources_alone_are_a_channel_a_class_as_well(tmp_path: Path) -> None:
    """What is trained on the sources by itself, such as a classifier of them."""
    found = opened(fill(tmp_path), "inputs", direction="b-to-a")
    assert found.inputs is not None and found.inputs.spec.map is not None
    alone = found.inputs.batch(np.arange(2)).pictures
    assert alone.shape[1] == found.inputs.spec.channels and set(torch.unique(alone).tolist()) == {-1.0, 1.0}
