"""Norms that are told something, against their closed form."""

import pytest
import torch
from torch import Tensor, nn

from sparring.nn.conditional import ConditionalBatchNorm, ConditionalInstanceNorm
from sparring.nn.mixing import has_batch_norm, mixes_samples

CLASSES = torch.tensor([2, 0, 1, 2])


@pytest.fixture
def layer() -> ConditionalBatchNorm:
    torch.manual_seed(0)
    made = ConditionalBatchNorm(channels=5, condition=3)
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def stage() -> Tensor:
    return torch.randn(4, 5, 6, 7, generator=torch.Generator().manual_seed(1)) * 3 + 1


def test_each_class_has_a_gain_and_a_shift_for_each_channel(layer: ConditionalBatchNorm) -> None:
    x = stage()
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    gain = (layer.gain.weight + layer.gain.bias[:, None]).T  # [class, channel]
    shift = (layer.shift.weight + layer.shift.bias[:, None]).T
    expected = torch.empty_like(x)
    for sample, cls in enumerate(CLASSES.tolist()):
        for channel in range(5):
            flat = (x[sample, channel] - mean[channel]) / (variance[channel] + 1e-5).sqrt()
            expected[sample, channel] = (gain[cls, channel] * flat + shift[cls, channel]).detach()
    torch.testing.assert_close(layer(x, torch.eye(3)[CLASSES]).detach(), expected, rtol=1e-4, atol=1e-5)


def test_it_starts_as_plain_batch_norm() -> None:
    x = stage()
    made = ConditionalBatchNorm(channels=5, condition=3)(x, torch.eye(3)[CLASSES])
    torch.testing.assert_close(made, nn.BatchNorm2d(5)(x))


def test_a_condition_between_two_classes_is_between_them(layer: ConditionalBatchNorm) -> None:
    x, first, second = stage(), torch.eye(3)[[0]].expand(4, -1), torch.eye(3)[[1]].expand(4, -1)
    layer.eval()
    torch.testing.assert_close(layer(x, (first + second) / 2), (layer(x, first) + layer(x, second)) / 2)


def test_statistics_are_kept_for_later(layer: ConditionalBatchNorm) -> None:
    x, classes = stage(), torch.eye(3)[CLASSES]
    for _ in range(200):
        layer(x, classes)
    torch.testing.assert_close(layer.eval()(x, classes), layer.train()(x, classes), rtol=0.01, atol=0.01)
    alone = layer.eval()(x[:1], classes[:1])
    torch.testing.assert_close(alone, layer(x, classes)[:1])


def test_it_is_known_to_mix_samples(layer: ConditionalBatchNorm) -> None:
    assert has_batch_norm(layer) and mixes_samples(nn.Sequential(nn.ReLU(), layer))


def test_instance_norm_is_told_for_each_picture_by_itself() -> None:
    x, condition = stage(), torch.randn(4, 3)
    made = ConditionalInstanceNorm(channels=5, condition=3)
    torch.testing.assert_close(made(x, condition), nn.InstanceNorm2d(5)(x))
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    gain, shift = made.gain(condition)[:, :, None, None], made.shift(condition)[:, :, None, None]
    torch.testing.assert_close(made(x, condition), gain * nn.InstanceNorm2d(5)(x) + shift, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(made(x[1:2], condition[1:2]), made(x, condition)[1:2])
    assert not mixes_samples(made)
