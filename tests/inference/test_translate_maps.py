"""Maps of classes through a translator: numbers in, numbers out, and in colours only where a person looks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Paired
from sparring.data.maps import encoded
from sparring.data.spec import Map, Spec
from sparring.errors import UsageError
from sparring.games.picture_to_picture import Translation
from sparring.inference import draw, translate
from sparring.inference.compare import GAP, Compare, targets
from sparring.inference.jobs import plan
from sparring.inference.translate_files import run
from sparring.nn.initialise import normal_weights

OF = Map(values=(0, 7, 300))
EDGED = Map(values=(0, 7, 26), edges=True)


def spec(of: Map | None, channels: int = 3) -> Spec:
    bits = 8 if of is None or (max(of.values) < 256 and not of.edges) else 16
    channels = channels if of is None else of.channels
    return Spec.model_validate({"channels": channels, "height": 16, "width": 16, "bits": bits, "map": of})


class Same(nn.Module):
    """What goes in."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.weight


def from_to(inputs: Map | None, pictures: Map | None) -> Translation:
    return Translation(Same(), spec(pictures).model_copy(update={"inputs": spec(inputs)}))


def numbers(values: tuple[int, ...], height: int = 19, width: int = 33) -> NDArray[np.uint16]:
    return np.random.default_rng(0).choice(values, (height, width)).astype(np.uint16)


def translated(product: Translation, source: Path, out: Path) -> list[str]:
    return [*run(product, plan([source], out), lambda text: None).skipped]


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int64"])
def test_an_identity_gives_back_every_number(kind: str) -> None:
    pixels = numbers((0, 7) if kind == "uint8" else OF.values)[:, :, None].astype(kind)
    found = translate.picture(from_to(OF, OF), pixels)
    assert found.dtype == np.uint16 and np.array_equal(found, pixels)


def test_files_of_every_form_are_read_as_numbers(tmp_path: Path) -> None:
    small = Map(values=(0, 7, 255))
    pixels = numbers(small.values).astype(np.uint8)
    grey = Image.fromarray(pixels)
    grey.save(tmp_path / "grey.png")
    painted = Image.frombytes("P", grey.size, grey.tobytes())
    painted.putpalette([0, 255, 0] * 256)
    painted.save(tmp_path / "palette.png")
    painted.save(tmp_path / "clear.png", transparency=7)
    np.save(tmp_path / "array.npy", pixels.astype(np.int32))
    for name in ("grey.png", "palette.png", "clear.png", "array.npy"):
        assert translated(from_to(small, small), tmp_path / name, tmp_path / "out.png") == []
        with Image.open(tmp_path / "out.png") as found:
            assert found.mode == "L" and np.array_equal(np.asarray(found), pixels)


def test_deep_maps_are_written_with_16_bits(tmp_path: Path) -> None:
    Image.fromarray(numbers(OF.values)).save(tmp_path / "in.png")
    assert translated(from_to(OF, OF), tmp_path / "in.png", tmp_path / "out.png") == []
    with Image.open(tmp_path / "out.png") as found:
        assert np.array_equal(np.asarray(found), numbers(OF.values))


def test_a_number_that_was_never_taught_is_named(tmp_path: Path) -> None:
    for name, values in (("a.png", (0, 9)), ("b.png", (0, 7))):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(numbers(values).astype(np.uint8)).save(tmp_path / "in" / name)
    Image.new("RGB", (16, 16)).save(tmp_path / "in" / "c.png")
    first, second = translated(from_to(OF, OF), tmp_path / "in", tmp_path / "out")
    assert "a.png: holds class 9: the model was taught maps of classes 0, 7, 300" in first
    assert "c.png: a picture of 3 channels for a model that takes maps" in second
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["b.png"]


def test_photographs_become_png_and_never_jpeg(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    photograph = np.random.default_rng(0).integers(0, 256, (20, 24, 3)).astype(np.uint8)
    Image.fromarray(photograph).save(tmp_path / "in" / "a.jpg")
    Image.fromarray(np.dstack([photograph, photograph[:, :, :1]])).save(tmp_path / "in" / "b.png")
    product = from_to(None, OF)
    assert translated(product, tmp_path / "in", tmp_path / "out") == []
    for name in ("a.png", "b.png"):
        with Image.open(tmp_path / "out" / name) as found:
            assert found.size == (24, 20) and set(np.unique(np.asarray(found))) == set(OF.values)
    (said,) = translated(product, tmp_path / "in" / "a.jpg", tmp_path / "out.jpg")
    assert "name it out.png" in said and not (tmp_path / "out.jpg").exists()
    Image.fromarray(photograph).save(tmp_path / "in" / "a.png")
    with pytest.raises(UsageError, match=r"a\.jpg and .*a\.png would be written as .*a\.png"):
        translated(product, tmp_path / "in", tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", ["unet", "residual"])
def test_tiles_of_maps_with_instances_are_as_the_whole(name: str) -> None:
    torch.manual_seed(0)
    of = spec(None).model_copy(update={"inputs": spec(EDGED)})
    generator = translators.translator(name, of, width=4, norm="instance", upsampling="resize").eval()
    normal_weights(generator)
    blocks = np.random.default_rng(1).choice([0, 7, 26000, 26001], (80, 6)).astype(np.uint16)
    pixels = np.kron(blocks, np.ones((13, 13), np.uint16))[:1030, :70, None]
    whole = translate.picture(Translation(generator, of), pixels)
    tiled = translate.picture(Translation(generator, of), pixels, whole=1)
    assert whole.std() > 0 and np.abs(whole.astype(int) - tiled).max() <= 1


def test_a_person_sees_colours_and_edges() -> None:
    stored = torch.tensor([[0, 7, 26000, 26001]]).repeat(4, 3).to(torch.uint16)[None, None]
    batch = encoded(stored, spec(EDGED))
    plain = draw.shown(batch[:, :3], spec(Map(values=(0, 7, 26))))
    assert plain.dtype == np.uint8 and plain.shape == (1, 4, 12, 3)
    assert len({tuple(colour) for colour in plain.reshape(-1, 3).tolist()}) == 3
    assert (draw.shown(batch, spec(EDGED)) == 255).all()  # every pixel lies at an edge
    colours = draw._class_colours(200)
    assert len(np.unique(colours, axis=0)) == 200 and not (colours == 255).all(1).any()


def test_the_sheet_of_examples_has_three_columns_of_colours() -> None:
    stored = torch.from_numpy(numbers((0, 7), 16, 16).astype(np.uint8))[None, None].repeat(2, 1, 1, 1)
    maps = encoded(stored, spec(OF))
    assert translate.examples_sheet(from_to(OF, OF), Paired(maps, maps)).startswith(b"\x89PNG")


def test_maps_stand_side_by_side_in_the_colours_of_their_classes(tmp_path: Path) -> None:
    pixels = numbers((0, 7)).astype(np.uint8)
    for folder in ("in", "true"):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    Image.fromarray(numbers((3,)).astype(np.uint8)).save(tmp_path / "in" / "strange.png")
    beside = Compare(targets(tmp_path / "true"))
    jobs = plan([tmp_path / "in"], tmp_path / "out", beside=beside)
    done = run(from_to(OF, OF), jobs, lambda text: None, beside=beside)
    assert [line.rpartition("/")[2] for line in done.skipped] == [
        "strange.png: holds class 3: the model was taught maps of classes 0, 7, 300"
    ]
    row = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    columns = row[:, :33], row[:, 33 + GAP : 66 + GAP], row[:, 66 + 2 * GAP :]
    assert row.shape == (19, 3 * 33 + 2 * GAP, 3)
    assert all(np.array_equal(column, columns[0]) for column in columns)
    assert not columns[0][pixels == 0].any() and len(np.unique(columns[0][pixels == 7], axis=0)) == 1
