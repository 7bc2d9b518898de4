"""Heads, against what they stand for."""

import pytest
import torch
from torch import Tensor, nn

from sparring.nn.heads import Discriminator, Outputs, PlaneDiscriminator, Projection


def test_projection_is_the_sum_of_two_terms() -> None:
    torch.manual_seed(0)
    head = Projection(features=7, classes=4)
    features, labels = torch.randn(5, 7), torch.tensor([3, 0, 1, 1, 2])
    logits = head(features, torch.eye(4)[labels])
    psi, bias = head.linear.weight[0].detach(), float(head.linear.bias.detach())
    vectors = head.classes.weight.detach().T  # v_y: a row each
    for sample, label in enumerate(labels.tolist()):
        whether = sum(float(psi[i] * features[sample, i]) for i in range(7)) + bias
        which = sum(float(vectors[label, i] * features[sample, i]) for i in range(7))
        assert float(logits[sample].detach()) == pytest.approx(whether + which, abs=1e-5)


def test_projection_s_differences_between_classes_are_of_its_vectors_alone() -> None:
    torch.manual_seed(0)
    head, features = Projection(features=7, classes=4), torch.randn(5, 7)
    first, second = (head(features, torch.eye(4)[[cls] * 5]) for cls in (1, 2))
    expected = features @ (head.classes.weight[:, 1] - head.classes.weight[:, 2])
    torch.testing.assert_close(first - second, expected)


def test_outputs_are_as_many_as_were_asked_for() -> None:
    assert Outputs(features=7, outputs=11)(torch.randn(5, 7)).shape == (5, 11)
    assert Discriminator(nn.Flatten(), Outputs(12, 3))(torch.randn(5, 3, 2, 2)).shape == (5, 3)


class Seen(nn.Module):
    """Keeps what it is shown."""

    shown: Tensor

    def forward(self, pictures: Tensor) -> Tensor:
        self.shown = pictures
        return pictures.mean((2, 3))


def test_planes_are_0_but_for_that_of_the_class() -> None:
    seen = Seen()
    pictures, labels = torch.randn(4, 2, 3, 5), torch.tensor([1, 0, 2, 2])
    PlaneDiscriminator(seen, nn.Linear(5, 1))(pictures, torch.eye(3)[labels])
    assert seen.shown.shape == (4, 5, 3, 5)
    assert torch.equal(seen.shown[:, :2], pictures)
    for sample, label in enumerate(labels.tolist()):
        for cls in range(3):
            assert bool((seen.shown[sample, 2 + cls] == float(cls == label)).all())
