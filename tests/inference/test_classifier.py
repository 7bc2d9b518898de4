"""Models that ship a classifier."""

from pathlib import Path

import numpy as np
import pytest
import torch

import sparring
from sparring import games
from sparring.data.batches import from_stored
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Sampler, sampler
from sparring.inference import model

SPEC = Spec(channels=1, height=12, width=16, classes=("cat", "dog", "emu"))


def saved(folder: Path, name: str, spec: Spec = SPEC) -> tuple[Path, Sampler]:
    """A model folder with fresh weights, and what it was made of."""
    torch.manual_seed(0)
    table = games.check({"name": name, "width": 4, "latent": 6})[0]
    game = games.build(table, spec)
    product = sampler(game.eval().product(dict(game.players.items())))
    config = model.Config(sparring="0", game=table, spec=spec, recipe=name, data="noise", images=1, seed=0)
    model.save(folder / "model", config, product)
    return folder / "model", product


def noise(count: int, spec: Spec = SPEC) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    top, dtype = (2**spec.bits, np.uint8 if spec.bits == 8 else np.uint16)
    drawn = np.random.default_rng(1).integers(0, top, (count, spec.height, spec.width, spec.channels))
    return drawn.astype(dtype)


@pytest.mark.parametrize("name", ["semi-supervised", "complement"])
@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (1, 16)])
def test_a_loaded_model_says_what_the_trained_one_would(tmp_path: Path, name: str, channels: int, bits: int) -> None:
    spec = SPEC.model_copy(update={"channels": channels, "bits": bits})
    folder, product = saved(tmp_path, name, spec)
    pictures = noise(150, spec)
    scores = sparring.load(folder).classify(pictures)
    assert scores.shape == (150, 3)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-5)
    assert product.classifier is not None
    with torch.no_grad():
        tensors = from_stored(torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy()), bits)
        expected = product.classifier(tensors).softmax(1).numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    alone = np.concatenate([sparring.load(folder).classify(pictures[at : at + 1]) for at in range(3)])
    np.testing.assert_allclose(alone, scores[:3], atol=1e-5)  # a class is said of one picture at a time


def test_the_classifier_is_in_the_folder_and_on_the_card(tmp_path: Path) -> None:
    folder, _ = saved(tmp_path, "semi-supervised")
    loaded = sparring.load(folder)
    assert loaded.classifier() is sampler(loaded.product).classifier
    assert not loaded.classifier().training
    card = (folder / "README.md").read_text()
    for said in ("into 3 classes (cat, dog, emu)", "model.classify(pictures)", "sparring classify"):
        assert said in card
    plain, _ = saved(tmp_path / "plain", "dcgan")
    assert "classif" not in (plain / "README.md").read_text()


def test_many_classes_are_not_all_on_the_card(tmp_path: Path) -> None:
    many = SPEC.model_copy(update={"classes": tuple(f"c{number}" for number in range(40))})
    folder, _ = saved(tmp_path, "semi-supervised", many)
    card = (folder / "README.md").read_text()
    assert "into 40 classes (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, ...)." in card


def test_what_cannot_be_classified(tmp_path: Path) -> None:
    folder, _ = saved(tmp_path, "semi-supervised")
    with pytest.raises(UsageError, match=r"pictures of shape \(12, 12, 1\) for a classifier of \(12, 16, 1\)"):
        sparring.load(folder).classify(np.zeros((2, 12, 12, 1), np.uint8))
    plain, _ = saved(tmp_path / "plain", "dcgan")
    with pytest.raises(UsageError, match="a model of game 'dcgan' has no classifier; semi-supervised games"):
        sparring.load(plain).classify(noise(2))
