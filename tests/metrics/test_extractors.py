"""What looks at pictures: it says who it is, sees a picture alike whatever lies beside it, and is what it claims."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.config import Data
from sparring.data import open_dataset
from sparring.errors import SparringError, UsageError
from sparring.metrics import classifier, features, inception
from sparring.metrics.features import Given, Random, look

Pixels = NDArray[np.uint8]


def noise(count: int, side: int = 32, channels: int = 1) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), np.uint8)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_what_is_seen_does_not_depend_on_the_batch_or_the_order(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, order = noise(10), np.random.default_rng(1).permutation(10)
    wanted = look(Random(1), pictures).features
    monkeypatch.setattr(features, "CHUNK", chunk)
    np.testing.assert_allclose(look(Random(1), pictures[order]).features, wanted[order], rtol=1e-4, atol=1e-6)


def test_random_convolutions_are_always_the_same() -> None:
    torch.manual_seed(1)
    one = Random(3)
    torch.manual_seed(2)
    assert one.title == Random(3).title
    assert one.title != Random(1).title


def test_deep_pictures_are_seen_like_shallow_ones() -> None:
    pictures = noise(4)
    deep = pictures.astype(np.uint16) * 257  # 255 * 257 = 65,535
    np.testing.assert_allclose(
        look(Random(1), deep, 16).features, look(Random(1), pictures).features, rtol=1e-3, atol=1e-5
    )


def test_a_module_of_ones_own_goes_by_its_name_and_weights() -> None:
    one = Given("mine", nn.Flatten())
    assert look(one, noise(3, 4)).features.shape == (3, 16)
    layers = [nn.Sequential(nn.Flatten(), nn.Linear(16, 2)) for _ in range(2)]
    assert Given("mine", layers[0]).title != Given("mine", layers[1]).title
    assert Given("mine", layers[0]).title == Given("mine", layers[0]).title


class Broken(nn.Module):
    """Divides by the brightness above that of the darkest grey."""

    def forward(self, pictures: Tensor) -> Tensor:
        return 1 / (pictures.mean((1, 2, 3)) + 1)[:, None]


def test_a_feature_that_is_not_finite_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "CHUNK", 2)
    pictures = noise(5, 8)
    pictures[3] = 0
    with pytest.raises(SparringError, match="picture 3 are not finite"):
        look(Given("broken", Broken()), pictures)


@pytest.mark.parametrize(
    ("pictures", "why"),
    [(noise(0), "empty"), (noise(2, channels=3), "sees 1 channels"), (noise(2)[0], r"\[N, height")],
)
def test_what_cannot_be_looked_at(pictures: Pixels, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        look(Random(1), pictures)


def test_inception_has_the_published_shape() -> None:
    weights = inception.Inception().state_dict()
    assert weights["Mixed_7c.branch3x3dbl_3b.conv.weight"].shape == (384, 384, 3, 1)
    assert weights["Mixed_6a.branch3x3.conv.weight"].shape == (384, 288, 3, 3)
    assert weights["fc.weight"].shape == (1008, 2048)


def test_grey_pictures_are_colour_pictures_to_inception() -> None:
    torch.manual_seed(0)
    network = inception.Inception()
    pictures = noise(2)
    grey, colour = look(network, pictures), look(network, pictures.repeat(3, axis=3))
    np.testing.assert_array_equal(grey.features, colour.features)
    assert grey.features.shape == (2, 2048)
    assert grey.probabilities is not None
    assert grey.probabilities.shape == (2, 1008)
    with pytest.raises(UsageError, match="grey or colour"):
        look(network, noise(2, channels=2))


def test_pictures_grow_as_in_tensorflow_1() -> None:
    """No half pixels: pixel i of 299 lies at i * n / 299, and the last one is repeated."""
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    found = inception.bilinear_tf1(ramp, 8)[0, 0, 0]
    assert found.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]
    tall = inception.bilinear_tf1(ramp.mT, 8)[0, 0, :, 5]
    assert tall.tolist() == found.tolist()
    assert inception.bilinear_tf1(torch.zeros(1, 3, 20, 7), 5).shape == (1, 3, 5, 5)


def test_other_weights_are_not_called_fid(tmp_path: Path) -> None:
    path = tmp_path / inception.FILES[0]
    torch.save(inception.Inception().state_dict(), path)
    with pytest.raises(SparringError, match=r"is not the published Inception.*would not be FID"):
        inception.load(path)
    with pytest.raises(UsageError, match="no file of Inception weights"):
        inception.load(tmp_path / "nothing.pth")


UNSEEN = 300
"""Digits that no classifier here is trained on."""


def taught(labels: bool, monkeypatch: pytest.MonkeyPatch, seed: int = 0, shown: int = 12_800) -> classifier.Classifier:
    monkeypatch.setattr(classifier, "SHOWN", shown)
    dataset = open_dataset(Data(path="digits", size=16))
    classes = dataset.spec.classes if labels else ()
    count = len(dataset) - UNSEEN
    told: list[float] = []
    network = classifier.learn(
        lambda rows: dataset.batch(rows).pictures,
        count,
        dataset.labels[:count] if labels and dataset.labels is not None else None,
        classes,
        1,
        seed=seed,
        tell=told.append,
    )
    assert told == sorted(told)
    return network


def test_a_classifier_learns_the_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    network = taught(True, monkeypatch)
    dataset = open_dataset(Data(path="digits", size=16))
    assert dataset.stored is not None
    assert dataset.labels is not None
    seen = look(network, dataset.stored[-UNSEEN:].permute(0, 2, 3, 1).numpy())
    assert seen.probabilities is not None
    assert (seen.probabilities.argmax(1) == dataset.labels[-UNSEEN:]).mean() > 0.9
    assert network.title.startswith("classifier:")
    assert len(network.digest) == 12


def test_without_labels_it_learns_how_a_picture_was_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    network = taught(False, monkeypatch)
    pictures = open_dataset(Data(path="digits", size=16)).stored
    assert pictures is not None
    pictures = pictures[-UNSEEN:]
    right = []
    for turn in range(4):
        seen = look(network, pictures.rot90(turn, (2, 3)).permute(0, 2, 3, 1).numpy())
        assert seen.probabilities is not None
        right.append((seen.probabilities.argmax(1) == turn).mean())
    assert np.mean(right) > 0.7  # 0.25 by chance; 0 and 8 look alike upside down
    assert network.name == "rotations"
    assert network.classes == ()


def test_the_same_seed_gives_the_same_classifier_and_leaves_random_numbers_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    one = taught(True, monkeypatch, shown=640)
    assert torch.equal(torch.rand(3), wanted)
    assert one.digest == taught(True, monkeypatch, shown=640).digest
    assert one.digest != taught(True, monkeypatch, seed=1, shown=640).digest


def test_a_classifier_comes_back_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = taught(True, monkeypatch, shown=640)
    classifier.save(network, tmp_path / "deep" / "a.safetensors")
    back = classifier.restore(tmp_path / "deep" / "a.safetensors", 1, network.classes)
    assert back.title == network.title
    np.testing.assert_array_equal(look(back, noise(3)).features, look(network, noise(3)).features)
    for content in (b"nonsense", (tmp_path / "deep" / "a.safetensors").read_bytes()[:-9]):
        (tmp_path / "bad.safetensors").write_bytes(content)
        with pytest.raises(SparringError, match=r"bad.safetensors.*remove the file"):
            classifier.restore(tmp_path / "bad.safetensors", 1, network.classes)
    with pytest.raises(SparringError, match="remove the file"):
        classifier.restore(tmp_path / "deep" / "a.safetensors", 3, network.classes)


def test_pictures_that_are_not_square_are_turned_by_their_middle() -> None:
    rng = np.random.default_rng(0)
    pictures, _ = classifier._lesson(torch.rand(5, 3, 12, 20), None, rng)
    assert pictures.shape == (5, 3, 12, 12)


def test_large_pictures_are_made_smaller_first() -> None:
    view = classifier.Classifier(3, ())(torch.zeros(1, 3, 256, 200))
    assert view.maps[0].shape[2:] == (85, 66)
