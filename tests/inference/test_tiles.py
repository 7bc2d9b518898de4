"""A picture in tiles is the picture whole."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sparring import translators
from sparring.data.spec import Spec
from sparring.games.picture_to_picture import Translation, telling
from sparring.inference import tiles, translate
from sparring.inference.tiles import reach
from sparring.nn.instance import InstanceNorm

SPEC = Spec(channels=3, height=32, width=32, inputs=Spec(channels=2, height=32, width=32))
SMALL = Spec(channels=3, height=16, width=16, inputs=Spec(channels=2, height=16, width=16))


def network(name: str, norm: str = "instance", upsampling: str = "resize", told: int = 0) -> nn.Module:
    torch.manual_seed(0)
    spec = SMALL if name == "coarse-to-fine" else SPEC  # its field of view grows with the size that it is built for
    made = translators.translator(name, spec, width=4, norm=norm, upsampling=upsampling, told=told)  # type: ignore[arg-type]
    if norm == "batch":
        made.train()(torch.randn(8, 2, 32, 32) * 2 + 1)
    return made.eval().requires_grad_(False)


def in_tiles(made: nn.Module, pictures: Tensor, margin: int, size: int = 64) -> Tensor:
    found = torch.full((1, 3, *pictures.shape[2:]), torch.nan)

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        assert bool(found[:, :, rows, columns].isnan().all())  # every pixel is written once
        found[:, :, rows, columns] = part

    tiles.translate(
        made,
        lambda rows, columns: pictures[:, :, rows, columns],
        write,
        (pictures.shape[2], pictures.shape[3]),
        margin,
        lambda text: None,
        size,
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
    margin = reach(made, 2, made.multiple)  # type: ignore[arg-type]
    whole = made(pictures)
    assert float((in_tiles(made, pictures, margin) - whole).abs().max()) < 1e-4
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
    margin = reach(made, 4, made.multiple)  # type: ignore[arg-type]
    assert margin == reach(network(name, norm), 2, made.multiple)  # type: ignore[arg-type]
    pictures = (torch.randn(1, 2, 256, 200) * 0.3 + torch.linspace(-1, 1, 256)[:, None]).clamp(-1, 1)
    one, other = (telling(pictures, numbers) for numbers in torch.randn(2, 1, 2))
    assert float((made(one) - made(other)).abs().max()) > 1e-3  # the norm does not take it out
    assert float((in_tiles(made, one, margin) - made(one)).abs().max()) < 1e-4


@pytest.mark.parametrize("name", ["unet", "residual", "coarse-to-fine"])
def test_the_field_of_view_is_no_wider_than_it_must_be(name: str) -> None:
    made = network(name, norm="none")
    multiple: int = made.multiple  # type: ignore[assignment]
    margin = reach(made, 2, multiple)
    pictures = torch.randn(1, 2, 8 * margin, 32)
    whole = made(pictures)
    assert torch.allclose(in_tiles(made, pictures, margin), whole, atol=1e-6)
    assert not torch.allclose(in_tiles(made, pictures, margin - multiple), whole, atol=1e-9, rtol=0)
    # a pixel beyond the margin changes nothing
    pictures[:, :, 4 * margin - margin - 1] += 1
    assert torch.equal(made(pictures)[:, :, 4 * margin], whole[:, :, 4 * margin])


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
    said: list[str] = []
    whole, parts = translate.picture(product, pixels), translate.picture(product, pixels, say=said.append, whole=100)
    assert parts.shape == (517, 703, 3) and parts.dtype == whole.dtype
    assert np.abs(whole.astype(int) - parts.astype(int)).max() <= 1
    assert said[0].startswith("statistics of layer 1 of") and said[-1] == "tile 4 of 4"


def test_a_picture_no_larger_than_a_tile_with_its_margin_stays_whole() -> None:
    made = network("unet")
    side = tiles.TILE + 2 * reach(made, 2, made.multiple)  # type: ignore[arg-type]
    for height, in_parts in ((side, False), (side + 1, True)):
        said: list[str] = []
        pixels = np.zeros((height, side, 2), np.uint8)
        translate.picture(Translation(made, SPEC), pixels, say=said.append, whole=100)
        assert bool(said) == in_parts


def test_tiles_cover_everything_once() -> None:
    seen = np.zeros((100, 130), int)
    for tile in tiles.tiles(100, 130, 8, 32):
        seen[tile.rows, tile.columns] += 1
        assert tile.outer_rows.start == max(tile.rows.start - 8, 0)
        assert tile.outer_columns.stop == min(tile.columns.stop + 8, 130)
    assert (seen == 1).all()
