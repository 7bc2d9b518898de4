"""Convolutions from and to pictures are torch's own, differentiated as often as one likes."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from sparring.nn import pictures
from sparring.nn.pictures import DoubledToPicture, FromPicture, ToPicture

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, int]]] = {
    "halving": (lambda: FromPicture(3, 5, 4, stride=2, padding=1), (8, 6)),
    "from 3x3": (lambda: FromPicture(3, 5, 3, padding=1, bias=False), (6, 8)),
    "from 7x7, mirrored": (lambda: FromPicture(1, 4, 7, padding=3, padding_mode="reflect"), (6, 6)),
    "to 3x3": (lambda: ToPicture(5, 3, 3, padding=1), (6, 8)),
    "to 7x7, mirrored": (lambda: ToPicture(4, 1, 7, padding=3, padding_mode="reflect"), (6, 6)),
    "doubling": (lambda: DoubledToPicture(5, 3, 4, stride=2, padding=1), (4, 3)),
    "doubling without bias": (lambda: DoubledToPicture(5, 4, 4, stride=2, padding=1, bias=False), (3, 4)),
}


def torchs_own(layer: nn.Module, stage: Tensor) -> Tensor:
    kind = nn.ConvTranspose2d if isinstance(layer, nn.ConvTranspose2d) else nn.Conv2d
    made: Tensor = kind.forward(layer, stage)  # type: ignore[arg-type]
    return made


@pytest.fixture(autouse=True)
def always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WORTH", 0)


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with everything that is computed in blocks."""
    seen: list[int] = []
    plain = pictures._side_by_side

    def counted(blocks: Tensor) -> Tensor:
        seen.append(len(blocks))
        return plain(blocks)

    monkeypatch.setattr(pictures, "_side_by_side", counted)
    return seen


def shown(name: str) -> tuple[nn.Module, Tensor]:
    make, size = LAYERS[name]
    layer = make().double()
    channels = layer.in_channels
    assert isinstance(channels, int)
    return layer, torch.randn(2, channels, *size, dtype=torch.double, requires_grad=True)


@pytest.mark.parametrize("name", LAYERS)
def test_is_torchs_own_and_so_are_its_slopes(name: str, in_blocks: list[int]) -> None:
    layer, stage = shown(name)
    ours, theirs = layer(stage), torchs_own(layer, stage)
    torch.testing.assert_close(ours, theirs)
    pull = torch.randn_like(theirs)
    wanted = [stage, *layer.parameters()]
    for ours_slope, theirs_slope in zip(
        torch.autograd.grad(ours, wanted, pull), torch.autograd.grad(theirs, wanted, pull), strict=True
    ):
        torch.testing.assert_close(ours_slope, theirs_slope)
    assert in_blocks


@pytest.mark.parametrize("name", LAYERS)
def test_slopes_can_be_differentiated(name: str) -> None:
    layer, stage = shown(name)
    names, weights = zip(*layer.named_parameters(), strict=True)

    def made(stage: Tensor, *weights: Tensor) -> Tensor:
        found: Tensor = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (stage,))
        return found

    assert gradcheck(made, (stage, *weights))
    assert gradgradcheck(made, (stage, *weights))


@pytest.mark.parametrize("name", LAYERS)
def test_obeys_autocast_forwards_and_backwards(name: str) -> None:
    layer, stage = shown(name)
    layer, stage = layer.float(), stage.detach().float().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        ours, theirs = layer(stage), torchs_own(layer, stage)
    assert ours.dtype == theirs.dtype == torch.bfloat16
    torch.testing.assert_close(ours, theirs, rtol=0.02, atol=0.02)
    ours.float().square().sum().backward()
    assert stage.grad is not None
    assert stage.grad.dtype == torch.float32


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (FromPicture(3, 5, 4, stride=2, padding=1), (7, 8)),
        (FromPicture(8, 5, 4, stride=2, padding=1), (8, 8)),
        (FromPicture(3, 5, 5, stride=2, padding=2), (8, 8)),
        (ToPicture(5, 3, 3, padding=1), (8, 7)),
        (ToPicture(5, 8, 3, padding=1), (8, 8)),
        (DoubledToPicture(5, 3, 4, stride=2), (8, 8)),
    ],
)
def test_what_fits_no_blocks_is_torchs_own(layer: nn.Module, size: tuple[int, int], in_blocks: list[int]) -> None:
    channels = layer.in_channels
    assert isinstance(channels, int)
    stage = torch.randn(2, channels, *size, requires_grad=True)
    made = layer(stage)
    made.sum().backward()
    assert torch.equal(made, torchs_own(layer, stage))
    assert not in_blocks


def test_frozen_weights_ask_for_no_slope() -> None:
    layer, stage = shown("halving")
    layer.requires_grad_(False)
    layer(stage).sum().backward()
    assert stage.grad is not None
    assert layer.weight.grad is None


def test_pictures_keep_their_channels_last() -> None:
    layer, stage = shown("doubling")
    made = layer(stage.detach().contiguous(memory_format=torch.channels_last))
    assert made.is_contiguous(memory_format=torch.channels_last)
