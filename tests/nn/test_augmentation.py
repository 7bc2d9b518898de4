"""Differentiable augmentation: what each operation may do, on any number of channels, and the steering of r_t."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sparring.nn.augmentation import ADAPT_IMAGES, Augmentation, Augmenter, colour, cutout, translation

ALL: tuple[Augmentation, ...] = ("colour", "translation", "cutout")
SHAPES = [(1, 16, 16), (2, 16, 24), (3, 24, 16), (5, 9, 16), (3, 2, 32)]


def pictures(count: int, shape: tuple[int, ...]) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("operation", [colour, translation, cutout])
def test_every_operation_keeps_the_shape_and_passes_gradients(
    operation: Callable[[Tensor], Tensor], shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    given = pictures(20, shape).requires_grad_()
    changed = operation(given)
    assert changed.shape == given.shape and changed.dtype == given.dtype
    assert not torch.equal(changed, given)
    torch.autograd.backward(changed.square().sum())
    assert given.grad is not None
    assert bool((given.grad.flatten(1).abs().sum(1) > 0).all())


@pytest.mark.parametrize("shape", SHAPES)
def test_strength_0_is_the_identity_and_1_is_not(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    given = pictures(8, shape)
    assert torch.equal(Augmenter(ALL, adaptive=True)(given), given)
    changed = Augmenter(ALL, adaptive=False)(given)
    assert all(not torch.equal(one, other) for one, other in zip(changed, given, strict=True))


def test_strength_is_the_share_of_pictures_that_change() -> None:
    torch.manual_seed(0)
    augmenter = Augmenter(("colour",), adaptive=True)
    augmenter.strength.fill_(0.3)
    given = pictures(4000, (1, 2, 2))
    share = (augmenter(given) != given).flatten(1).any(1).float().mean()
    assert float(share) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_colour_is_one_straight_line_a_picture(channels: int) -> None:
    torch.manual_seed(0)
    grey = pictures(500, (1, 6, 8)).expand(-1, channels, -1, -1)  # without colour, saturation has nothing to do
    changed = colour(grey)
    mean, moved = grey.mean((1, 2, 3)), changed.mean((1, 2, 3))
    contrast = changed.flatten(1).std(1) / grey.flatten(1).std(1)
    torch.testing.assert_close(
        changed, (grey - mean[:, None, None, None]) * contrast[:, None, None, None] + moved[:, None, None, None]
    )
    brightness = moved - mean
    assert -0.5 <= float(brightness.min()) < -0.48 and 0.48 < float(brightness.max()) <= 0.5
    assert 0.499 <= float(contrast.min()) < 0.52 and 1.48 < float(contrast.max()) <= 1.501


def test_saturation_moves_colours_to_and_from_their_grey() -> None:
    torch.manual_seed(0)
    given = pictures(500, (3, 6, 6))
    changed = colour(given)
    chroma, before = changed - changed.mean(1, keepdim=True), given - given.mean(1, keepdim=True)
    share = (chroma * before).flatten(1).sum(1) / before.square().flatten(1).sum(1)  # saturation times contrast
    torch.testing.assert_close(chroma, before * share[:, None, None, None], rtol=1e-4, atol=1e-5)
    assert 0 <= float(share.min()) < 0.05 and 2.2 < float(share.max()) <= 3.001


def test_channels_that_are_no_colours_keep_their_differences() -> None:
    torch.manual_seed(0)
    given = pictures(50, (2, 6, 6))
    changed = colour(given)
    contrast = changed.flatten(1).std(1) / given.flatten(1).std(1)
    torch.testing.assert_close(
        changed[:, 0] - changed[:, 1], (given[:, 0] - given[:, 1]) * contrast[:, None, None], rtol=1e-4, atol=1e-5
    )


def shifted(given: Tensor, down: int, right: int) -> Tensor:
    """[N, C, H, W], moved, and 0 where nothing follows: written with slices."""
    height, width = given.shape[2:]
    result = torch.zeros_like(given)
    to_rows, from_rows = (slice(max(0, by), height + min(0, by)) for by in (down, -down))
    to_columns, from_columns = (slice(max(0, by), width + min(0, by)) for by in (right, -right))
    result[:, :, to_rows, to_columns] = given[:, :, from_rows, from_columns]
    return result


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 16, 24), (5, 24, 9)])
def test_translation_moves_by_whole_pixels_in_all_directions(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    given = pictures(300, shape)
    reach = shape[1] // 8, shape[2] // 8
    candidates = {
        (down, right): shifted(given, down, right)
        for down in range(-reach[0], reach[0] + 1)
        for right in range(-reach[1], reach[1] + 1)
    }
    changed = translation(given)
    hits = {move: (changed == moved).flatten(1).all(1) for move, moved in candidates.items()}
    assert torch.stack(list(hits.values())).sum(0).eq(1).all()  # each picture is exactly one of them
    assert all(bool(hit.any()) for hit in hits.values())  # and all of them occur


def test_a_side_too_short_to_move_stays() -> None:
    given = pictures(20, (1, 1, 7))
    assert torch.equal(translation(given), given)


@pytest.mark.parametrize("size", [(16, 16), (16, 24), (9, 7)])
def test_cutout_is_one_box_whose_middle_is_anywhere(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    given = torch.ones(4000, 2, *size)
    gone = cutout(given) == 0
    assert torch.equal(gone[:, 0], gone[:, 1])  # all channels alike
    rows, columns = gone[:, 0].any(2), gone[:, 0].any(1)
    assert torch.equal(gone[:, 0], rows[:, :, None] & columns[:, None, :])
    for side, hidden in zip(size, (rows, columns), strict=True):
        lengths = hidden.sum(1)
        length = side // 2
        assert int(lengths.max()) == length
        assert int(lengths.min()) in (length // 2, length // 2 + 1)  # the box lies half outside
        places = side + 1 - length % 2
        starts = torch.arange(places) - length // 2
        inside = (starts + length).clamp(max=side) - starts.clamp(min=0)
        assert float(lengths.float().mean()) == pytest.approx(float(inside.float().mean()), rel=0.03)


def test_cutout_of_a_single_row_does_nothing() -> None:
    given = pictures(20, (1, 1, 32))
    assert torch.equal(cutout(given), given)


def test_the_strength_rises_while_the_real_pictures_are_known_and_falls_while_not() -> None:
    augmenter = Augmenter(ALL, adaptive=True)
    known, unsure = torch.ones(64), torch.cat([torch.ones(32), -torch.ones(32)])
    for _ in range(10):
        augmenter.adapt(known, 64)
    assert float(augmenter.strength) == pytest.approx(640 / ADAPT_IMAGES)
    augmenter.adapt(unsure, 64)
    assert float(augmenter.strength) == pytest.approx(576 / ADAPT_IMAGES)
    for _ in range(20):
        augmenter.adapt(unsure, 64)
    assert float(augmenter.strength) == 0.0  # never below
    for _ in range(ADAPT_IMAGES // 640 + 2):
        augmenter.adapt(known, 640)
    assert float(augmenter.strength) == 1.0  # never above


@pytest.mark.parametrize(("positive", "rises"), [(79, False), (81, True)])
def test_the_threshold_is_four_fifths_on_the_right_side(positive: int, rises: bool) -> None:
    augmenter = Augmenter(ALL, adaptive=True)
    augmenter.strength.fill_(0.5)
    logits = torch.cat([torch.full((positive,), 0.1), torch.full((100 - positive,), -9.0)])
    augmenter.adapt(logits, 100)  # r_t = 0.6 where 80 of 100 logits are positive, however large they are
    assert (float(augmenter.strength) > 0.5) is rises


def test_packs_count_by_their_pictures() -> None:
    augmenter = Augmenter(ALL, adaptive=True)
    augmenter.adapt(torch.ones(16), pictures=64)
    assert float(augmenter.strength) == pytest.approx(64 / ADAPT_IMAGES)


def test_a_fixed_strength_is_not_steered() -> None:
    augmenter = Augmenter(ALL, adaptive=False)
    augmenter.adapt(-torch.ones(64), 64)
    assert float(augmenter.strength) == 1.0


def test_the_strength_is_saved() -> None:
    first, second = Augmenter(ALL, adaptive=True), Augmenter(ALL, adaptive=True)
    first.adapt(torch.ones(64), 64)
    second.load_state_dict(first.state_dict())
    assert float(second.strength) > 0
